package mqtt.resilient.console.page;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;

/**
 * The page, its files, its stream of events and its actions. Whoever gets here is logged in: the servlet is registered
 * with an authenticating context only, and refuses who comes through one without a user.
 */
final class PageServlet extends HttpServlet {
    private static final long serialVersionUID = 1;
    private static final Map<String, String> TYPES = Map.of("console.js", "text/javascript", "console.css", "text/css",
            "uPlot.iife.min.js", "text/javascript", "uPlot.min.css", "text/css", "uPlot-LICENSE.txt", "text/plain");
    private static final String POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            + "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    private static final String PAGE = "X-Mqtt-Page";
    private static final int MOST_ID = 64;

    private final transient Pages pages;
    private final transient Actions actions;
    private final boolean userRequired;

    /**
     * A servlet for one context.
     *
     * @param userRequired whether a request without a user is refused; false only where the context has another word
     *        for it
     */
    PageServlet(Pages pages, Actions actions, boolean userRequired) {
        this.pages = pages;
        this.actions = actions;
        this.userRequired = userRequired;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
        response.setHeader("Content-Security-Policy", POLICY);
        if (userRequired && request.getRemoteUser() == null) {
            refuse(response, 403,
                    "The servlet context of this page lets requests through without a user. Name one that "
                            + "authenticates in servlet.context of the configuration mqtt.resilient.console.");
            return;
        }
        String path = request.getPathInfo() == null ? "" : request.getPathInfo().substring(1);
        boolean get = "GET".equals(request.getMethod());
        if (get && request.getPathInfo() == null) {
            response.sendRedirect(request.getRequestURI() + "/");
        } else if (get && path.isEmpty()) {
            page(request, response);
        } else if (get && "events".equals(path)) {
            events(request, response);
        } else if (get && TYPES.containsKey(path)) {
            file(path, request, response);
        } else if ("POST".equals(request.getMethod()) && "action".equals(path)) {
            actions.act(key(request, request.getHeader(PAGE)), request, response);
        } else {
            refuse(response, get ? 404 : 405, get ? "Not found." : "Not allowed.");
        }
    }

    private static void page(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setContentType("text/html");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.getWriter()
                .write("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>MQTT clients</title>\n"
                        + "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                        + "<meta name=\"color-scheme\" content=\"light dark\"></head><body class=\"alone\">\n"
                        + fragment(request.getContextPath() + request.getServletPath()) + "</body></html>\n");
    }

    /**
     * What is the same in the web console and alone.
     *
     * @param base the path of the servlet
     */
    static String fragment(String base) throws IOException {
        return new String(bytes("console.html"), StandardCharsets.UTF_8).replace("{base}", attribute(base));
    }

    private static String attribute(String text) {
        return text.replace("&", "&amp;").replace("\"", "&quot;").replace("<", "&lt;");
    }

    private static void file(String name, HttpServletRequest request, HttpServletResponse response) throws IOException {
        byte[] bytes = bytes(name);
        String tag = "\"" + Integer.toHexString(Arrays.hashCode(bytes)) + "\"";
        response.setHeader("ETag", tag);
        response.setHeader("Cache-Control", "no-cache");
        if (tag.equals(request.getHeader("If-None-Match"))) {
            response.setStatus(304);
            return;
        }
        response.setContentType(TYPES.get(name));
        response.setCharacterEncoding("UTF-8");
        response.setContentLength(bytes.length);
        response.getOutputStream().write(bytes);
    }

    private static byte[] bytes(String name) throws IOException {
        try (InputStream in = PageServlet.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IOException(name + " is not in the bundle");
            }
            return in.readAllBytes();
        }
    }

    private void events(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String id = request.getHeader(PAGE); // a header, so that another web site cannot ask with the browser's login
        if (id == null || id.isEmpty() || id.length() > MOST_ID) {
            refuse(response, 400,
                    PAGE + ": " + (id == null ? "no such header" : "\"" + id + "\"") + " is not allowed; allowed: 1 to "
                            + MOST_ID
                            + " characters.");
            return;
        }
        response.setContentType("text/event-stream");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("X-Accel-Buffering", "no"); // a proxy in front must not keep it back
        try {
            pages.open(key(request, id), parameter(request, "client"), parameter(request, "tail"), request);
        } catch (Pages.NotNowException e) {
            refuse(response, 503, e.getMessage());
        } catch (IllegalArgumentException | IllegalStateException e) {
            refuse(response, 400, String.valueOf(e.getMessage()));
        }
    }

    /** A page's name, which another user's page cannot have. */
    private static String key(HttpServletRequest request, String id) {
        return request.getRemoteUser() + "\n" + id;
    }

    static String parameter(HttpServletRequest request, String name) {
        String value = request.getParameter(name);
        return value == null ? "" : value;
    }

    static void refuse(HttpServletResponse response, int status, String sentence) throws IOException {
        response.setStatus(status);
        response.setContentType("text/plain");
        response.setCharacterEncoding("UTF-8");
        response.setHeader("Cache-Control", "no-store");
        response.getWriter().write(sentence + "\n");
    }
}
