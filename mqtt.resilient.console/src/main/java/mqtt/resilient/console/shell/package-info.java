/** The shell commands. What they print are plain lines of at most about 100 columns, for every terminal. */
package mqtt.resilient.console.shell;
