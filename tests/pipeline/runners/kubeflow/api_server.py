"""A real HTTP server with the routes of Kubeflow Pipelines' REST API (v2beta1) that kfp.Client calls for a submission.

It keeps pipelines, versions, experiments, runs and recurring runs in memory, refuses what Kubeflow refuses, and records
every request.
"""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import yaml

PREFIX = "/apis/v2beta1"
Answer = tuple[int, Any]


@dataclass
class Request:
    """One request: method, path without the prefix, query, headers in lower case, and the content."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.content)


@dataclass
class Api:
    """The state of the server.

    Attributes:
        url: of the server.
        token: what every request must carry; None: none.
        failures: the status that a request gets instead, by 'METHOD /path'; 200: a login page.
        empty: requests whose answer is an object without values, by 'METHOD /path'.
        hangs: whether no request is answered.
    """

    url: str = ""
    token: str | None = None
    failures: dict[str, int] = field(default_factory=dict)
    empty: set[str] = field(default_factory=set)
    hangs: bool = False
    requests: list[Request] = field(default_factory=list)
    pipelines: dict[str, dict[str, Any]] = field(default_factory=dict)
    versions: dict[str, dict[str, Any]] = field(default_factory=dict)
    experiments: dict[str, dict[str, Any]] = field(default_factory=dict)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    recurring_runs: dict[str, dict[str, Any]] = field(default_factory=dict)

    def calls(self) -> list[str]:
        """Returns 'METHOD /path' of every request that changed something."""
        return [f"{one.method} {one.path}" for one in self.requests if one.method != "GET"]

    def answer(self, request: Request) -> Answer:
        """Returns status and content."""
        if self.token is not None and request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {
                "error": "Unauthenticated",
                "message": "there is no user identity header",
            }
        if (status := self.failures.get(f"{request.method} {request.path}")) is not None:
            return status, "<html>Log in</html>" if status == 200 else {"code": 13, "message": "Internal: a reason"}
        if f"{request.method} {request.path}" in self.empty:
            return 200, {}
        routes: dict[str, Callable[[Request], Answer]] = {
            "GET /healthz": lambda _: (200, {"multi_user": False}),
            "GET /pipelines": lambda one: self._list(one, self.pipelines, "pipelines"),
            "POST /pipelines": self._create_pipeline,
            "POST /pipelines/upload_version": self._upload_version,
            "GET /experiments": lambda one: self._list(one, self.experiments, "experiments"),
            "POST /experiments": lambda one: self._create(one, self.experiments, "experiment_id"),
            "POST /runs": lambda one: self._start(one, self.runs, "run_id"),
            "GET /recurringruns": lambda one: self._list(one, self.recurring_runs, "recurringRuns"),
            "POST /recurringruns": lambda one: self._start(one, self.recurring_runs, "recurring_run_id"),
        }
        if route := routes.get(f"{request.method} {request.path}"):
            return route(request)
        match request.method, request.path.split("/")[1:]:
            case "GET", ["pipelines", pipeline_id, "versions"]:
                found = {key: one for key, one in self.versions.items() if one["pipeline_id"] == pipeline_id}
                return self._list(request, found, "pipeline_versions")
            case "DELETE", ["recurringruns", recurring_run_id] if recurring_run_id in self.recurring_runs:
                del self.recurring_runs[recurring_run_id]
                return 200, {}
        return 404, {"error": "Not Found", "code": 5, "message": "Not Found"}

    def _list(self, request: Request, objects: dict[str, dict[str, Any]], name: str) -> Answer:
        found = list(objects.values())
        if text := request.query.get("filter"):
            (predicate,) = json.loads(text)["predicates"]
            assert predicate["operation"] in (1, "EQUALS")
            found = [one for one in found if one[predicate["key"]] == predicate["stringValue"]]
        if experiment := request.query.get("experiment_id"):
            found = [one for one in found if one["experiment_id"] == experiment]
        # As Kubeflow leaves out empty lists.
        return 200, {name: found, "total_size": len(found)} if found else {}

    def _create(self, request: Request, objects: dict[str, dict[str, Any]], key: str) -> Answer:
        made = {**request.json, key: f"{key}-{len(objects) + 1}"}
        objects[made[key]] = made
        return 200, made

    def _create_pipeline(self, request: Request) -> Answer:
        if request.json["display_name"] in (one["display_name"] for one in self.pipelines.values()):
            return 409, {"error": "Already exist error", "message": "The name exists already"}
        return self._create(request, self.pipelines, "pipeline_id")

    def _upload_version(self, request: Request) -> Answer:
        name, pipeline_id = request.query["name"], request.query["pipelineid"]
        if pipeline_id not in self.pipelines:
            return 404, {"error": "Not found", "message": f"Pipeline {pipeline_id} not found"}
        if any(one["display_name"] == name and one["pipeline_id"] == pipeline_id for one in self.versions.values()):
            return 409, {"error": "Already exist error", "message": f"The name {name} exists already"}
        header = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        message = BytesParser().parsebytes(header + request.content)
        (content,) = (one.get_payload(decode=True) for one in message.walk() if not one.is_multipart())
        assert isinstance(content, bytes)
        documents = list(yaml.safe_load_all(content))
        key = f"version-{len(self.versions) + 1}"
        made: dict[str, Any] = {
            "pipeline_id": pipeline_id,
            "pipeline_version_id": key,
            "display_name": name,
            "description": request.query.get("description"),
            "pipeline_spec": {"pipeline_spec": documents[0], "platform_spec": documents[1]},
        }
        self.versions[key] = made
        return 200, made

    def _start(self, request: Request, objects: dict[str, dict[str, Any]], key: str) -> Answer:
        body = request.json
        version = self.versions.get(body["pipeline_version_reference"]["pipeline_version_id"])
        if version is None or body["experiment_id"] not in self.experiments:
            return 404, {"error": "Not found", "message": "no such version or experiment"}
        inputs = version["pipeline_spec"]["pipeline_spec"]["root"].get("inputDefinitions", {}).get("parameters", {})
        if unknown := body["runtime_config"].get("parameters", {}).keys() - inputs.keys():
            return 400, {"error": "Invalid input", "message": f"unknown parameters {sorted(unknown)}"}
        if "trigger" in body and len(body["trigger"]["cron_schedule"]["cron"].split()) != 6:
            return 400, {"error": "Invalid input", "message": "The cron string is not valid"}
        return self._create(request, objects, key)


@contextmanager
def kubeflow_api(certificate: tuple[Path, Path] | None = None) -> Iterator[Api]:
    """Runs the server.

    Args:
        certificate: files of a certificate and its key, for HTTPS; None: HTTP.
    """
    api = Api()
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, parts.path.removeprefix(PREFIX), query, headers, content)
            api.requests.append(request)
            if api.hangs:
                ended.wait()
                return
            status, answer = api.answer(request) if parts.path.startswith(PREFIX) else (404, "not found")
            text = answer if isinstance(answer, str) else json.dumps(answer)
            self.send_response(status)
            self.send_header("Content-Type", "text/html" if isinstance(answer, str) else "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_DELETE = do_POST  # noqa: N815

        def log_message(self, *words: object) -> None:
            """Prints nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    api.url = f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield api
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
