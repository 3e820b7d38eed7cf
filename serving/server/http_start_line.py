"""The first line of an HTTP request, where the standard library leaves some without an answer."""

import http.server

LONGEST_LINE = 65536  # bytes, as in http.server


class StartLineHandler(http.server.BaseHTTPRequestHandler):
    """Answers whatever comes, and with a status.

    The library's handler closes the connection without a word after a blank line, and leaves out
    the status line where the version is HTTP/0.9 or could not be read.
    """

    def parse_request(self):
        """As the standard library's, but whatever comes is answered."""
        while self.raw_requestline in (b"\r\n", b"\n"):  # allowed in front of a request
            self.raw_requestline = self.rfile.readline(LONGEST_LINE)
        if not self.raw_requestline:
            self.close_connection = True
            return False
        if self.raw_requestline.isspace():
            self.requestline, self.command, self.close_connection = "", None, True
            self.request_version = self.default_request_version
            self.send_error(http.HTTPStatus.BAD_REQUEST)
            return False
        return super().parse_request()

    def send_response(self, code, message=None):
        if self.request_version == "HTTP/0.9":  # also where none could be read
            self.request_version = "HTTP/1.0"  # the older one knows no status
        super().send_response(code, message)
