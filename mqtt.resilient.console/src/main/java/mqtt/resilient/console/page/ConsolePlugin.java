package mqtt.resilient.console.page;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * The entry in the menu of the Felix web console: the page in the console's own frame. The console has written the
 * head.
 */
final class ConsolePlugin extends HttpServlet {
    /** The last part of the address, and what the files are below. */
    static final String LABEL = "mqtt";
    private static final long serialVersionUID = 1;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        // or another web site shows it, and has its buttons pressed
        response.setHeader("X-Frame-Options", "SAMEORIGIN");
        String root = String.valueOf(request.getAttribute("felix.webconsole.appRoot"));
        response.getWriter().write(PageServlet.fragment(root + "/" + LABEL + PageComponent.FILES));
    }
}
