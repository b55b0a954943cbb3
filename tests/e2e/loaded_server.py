# SPDX-License-Identifier: GPL-3.0-or-later
"""`wasmtime serve` under load: clients that ask without a pause, and what they have been answered."""

import http.client
import threading

from harness import LIMIT, NEWEST, Guest, wait_until, wasmtime, wat


class LoadedServer(Guest):
    def __init__(self, name, *options, clients=4, version=NEWEST, prefix=()):
        super().__init__(None, command=[*prefix, wasmtime(version), "serve", *options, "--addr", "127.0.0.1:0", wat(name)])
        self.host, self.port = self.serving_address()
        self.stop, self.answers = threading.Event(), []
        self.clients = [threading.Thread(target=self._ask, daemon=True) for _ in range(clients)]
        for client in self.clients:
            client.start()

    def __exit__(self, *exception):
        self.stop.set()
        # First: a client whose request is never answered waits as long as the server lives.
        super().__exit__(*exception)
        for client in self.clients:
            client.join()

    def _ask(self):
        while not self.stop.is_set():
            try:
                connection = http.client.HTTPConnection(self.host, self.port, timeout=LIMIT)
                connection.request("GET", "/")
                self.answers.append(connection.getresponse().status)
                connection.close()
            except (OSError, http.client.HTTPException) as error:
                self.answers.append(error)

    def answers_on(self, count=50):
        """It answers, and each answer was right: the handlers end in a trap, which the server says with 500."""
        before = len(self.answers)
        wait_until(lambda: len(self.answers) > before + count, "the server answers on")
        wrong = set(self.answers) - {500}
        if wrong:
            raise AssertionError(f"the server answered {wrong}")
