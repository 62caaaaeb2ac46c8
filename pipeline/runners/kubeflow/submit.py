"""Uploads a compiled pipeline to Kubeflow Pipelines, starts a run of it, and schedules runs."""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from visage.errors import VisageError, shortened
from visage.proxies import by_way_of, proxy_of

# Seconds for each try of a request; kfp.Client tries those that change nothing four times.
TIMEOUT = 30.0
_MOST = 100
_CONNECT = "connect"


@dataclass(frozen=True)
class Connection:
    """How to reach Kubeflow Pipelines.

    Attributes:
        host: address of its API, or of a Kubeflow in front of it (ends in /pipeline).
        token: bearer token; None: none is sent.
        cookie: of a session, for installations that log in by a browser; None: none is sent.
        namespace: of the user, where there are several; None: the only one.
        ca_file: PEM file of the certificate authority; None: that of this machine.
    """

    host: str
    token: str | None = None
    cookie: str | None = None
    namespace: str | None = None
    ca_file: Path | None = None


@dataclass(frozen=True)
class Uploaded:
    """A version of the pipeline on Kubeflow.

    Attributes:
        pipeline_id: of the pipeline.
        version_id: of the version.
        version: its name.
        new: whether this call uploaded it.
    """

    pipeline_id: str
    version_id: str
    version: str
    new: bool


@dataclass(frozen=True)
class Scheduled:
    """A recurring run.

    Attributes:
        recurring_run_id: of the new one.
        replaced: ids of those of the same name that it replaced.
    """

    recurring_run_id: str
    replaced: list[str]


class KubeflowPipelines:
    """The API of Kubeflow Pipelines, by kfp.Client; each failure is one line."""

    def __init__(self, connection: Connection, timeout: float = TIMEOUT) -> None:
        """Connects, and checks that the address is that of Kubeflow Pipelines.

        Raises:
            VisageError: it cannot be reached, refuses the token, or is another server.
        """
        self._connection = connection
        with self._failures(_CONNECT):
            self._client = _client(connection, timeout)
            _call(self._client, "GET", "/healthz")

    def upload(self, file: Path, name: str, version: str, description: str) -> Uploaded:
        """Uploads a version of a pipeline, unless it is there; makes the pipeline if necessary.

        Args:
            file: the compiled YAML.
            name: of the pipeline.
            version: its name; the same name is the same content.
            description: of the version.
        """
        with self._failures("upload the pipeline"):
            pipeline_id = self._pipeline_id(name)
        with self._failures("upload the pipeline"):
            listed = self._client.list_pipeline_versions(pipeline_id, page_size=_MOST, filter=_named(version))
            for found in listed.pipeline_versions or []:
                if found.display_name == version:
                    return Uploaded(pipeline_id, _id(found, "pipeline_version_id"), version, new=False)
            made = self._client.upload_pipeline_version(
                str(file), pipeline_version_name=version, pipeline_id=pipeline_id, description=description
            )
            return Uploaded(pipeline_id, _id(made, "pipeline_version_id"), version, new=True)

    def experiment(self, name: str) -> str:
        """Returns the id of an experiment, which is made if necessary."""
        with self._failures("make the experiment"):
            return _id(self._client.create_experiment(name, namespace=self._connection.namespace), "experiment_id")

    def run(
        self, uploaded: Uploaded, experiment: str, name: str, params: Mapping[str, str], service_account: str | None
    ) -> str:
        """Starts a run; returns its id."""
        with self._failures("start the run"):
            started = self._client.run_pipeline(
                experiment,
                name,
                params=dict(params),
                pipeline_id=uploaded.pipeline_id,
                version_id=uploaded.version_id,
                service_account=service_account,
            )
            return _id(started, "run_id")

    def schedule(
        self,
        uploaded: Uploaded,
        experiment: str,
        name: str,
        cron: str,
        params: Mapping[str, str],
        service_account: str | None,
    ) -> Scheduled:
        """Makes a recurring run, and then removes others of its name in the experiment.

        Never two runs at once, and none for times that have passed.

        Args:
            uploaded: the version.
            experiment: id.
            name: of the recurring run.
            cron: Kubeflow's six fields.
            params: of each run.
            service_account: of the pods.
        """
        with self._failures("schedule runs"):
            before = self._client.list_recurring_runs(
                experiment_id=experiment, page_size=_MOST, filter=_named(name)
            ).recurring_runs
            old = [_id(found, "recurring_run_id") for found in before or [] if found.display_name == name]
            made = self._client.create_recurring_run(
                experiment,
                name,
                cron_expression=cron,
                max_concurrency=1,
                no_catchup=True,
                params=dict(params),
                pipeline_id=uploaded.pipeline_id,
                version_id=uploaded.version_id,
                service_account=service_account,
            )
            # Before an old one is removed.
            new = _id(made, "recurring_run_id")
        with self._failures(f"remove the earlier schedule ({', '.join(old)}; the new one is active)"):
            for recurring_run_id in old:
                self._client.delete_recurring_run(recurring_run_id)
        return Scheduled(new, old)

    def _pipeline_id(self, name: str) -> str:
        import kfp_server_api

        namespace = self._connection.namespace
        listed = self._client.list_pipelines(page_size=_MOST, filter=_named(name), namespace=namespace)
        for found in listed.pipelines or []:
            if found.display_name == name:
                return _id(found, "pipeline_id")
        # Not `upload_pipeline`, which makes a version that has the pipeline's name.
        body = {"display_name": name} | ({} if namespace is None else {"namespace": namespace})
        if "name" in kfp_server_api.V2beta1Pipeline.openapi_types:
            # Of newer versions, which require it; older ones refuse it.
            body["name"] = name
        return _id(_call(self._client, "POST", "/pipelines", body), "pipeline_id")

    @contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Words each failure of a request as one line."""
        import kfp_server_api
        import urllib3

        host = self._connection.host
        try:
            # kfp.Client prints links.
            with redirect_stdout(StringIO()):
                yield
        except kfp_server_api.ApiException as error:
            why = _why(error, self._connection, connecting=what == _CONNECT)
            raise VisageError(f"{host}: cannot {what}: {why}") from error
        except urllib3.exceptions.HTTPError as error:
            raise VisageError(f"{host}: cannot {what}: {_unreached(error, host)}") from error
        except _NoJsonError as error:
            raise VisageError(
                f"{host}: cannot {what}: the answer is not that of Kubeflow Pipelines (no JSON; a login page?); name "
                "the address of ml-pipeline, or set a token (docs/kubeflow.md)"
            ) from error
        except (ValueError, TypeError, AttributeError) as error:
            # kfp_server_api reads an answer of another shape so.
            raise VisageError(
                f"{host}: cannot {what}: the answer is not that of Kubeflow Pipelines ({shortened(str(error))}); "
                "name the address of ml-pipeline"
            ) from error


class _NoJsonError(Exception):
    """An answer that is no JSON object."""


def _id(found: Any, key: str) -> str:
    """Returns an id of an answer.

    Args:
        found: an object of kfp_server_api, or the answer's JSON.
        key: of the id.

    Raises:
        ValueError: it has none; a server in front of Kubeflow may have answered.
    """
    value = found.get(key) if isinstance(found, dict) else getattr(found, key)
    if not value or not isinstance(value, str):
        raise ValueError(f"no {key}")
    return value


def _client(connection: Connection, timeout: float) -> Any:
    import kfp

    class Client(kfp.Client):
        """The client without five tries of five seconds before the first failure."""

        def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
            _check_answers(self._healthz_api.api_client, timeout)
            return SimpleNamespace(multi_user=_call(self, "GET", "/healthz").get("multi_user", False))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = Client(
            host=connection.host,
            existing_token=connection.token,
            cookies=connection.cookie,
            proxy=proxy_of(connection.host),
            ssl_ca_cert=None if connection.ca_file is None else str(connection.ca_file),
            **({} if connection.namespace is None else {"namespace": connection.namespace}),
        )
    _check_answers(client._healthz_api.api_client, timeout)
    return client


def _call(client: Any, method: str, path: str, body: Any = None) -> Any:
    """Sends a request that kfp.Client has no method for; the names of the generated ones differ between its versions.

    Returns: the answer's JSON.
    """
    return client._healthz_api.api_client.call_api(
        f"/apis/v2beta1{path}",
        method,
        header_params={"Accept": "application/json", "Content-Type": "application/json"},
        body=body,
        response_type="object",
        auth_settings=["Bearer"],
        _return_http_data_only=True,
    )


def _check_answers(api_client: Any, timeout: float) -> None:
    """Gives each request of a client a time limit, and lets it fail unless its answer is a JSON object.

    kfp.Client has no limit, and takes a login page, which a server in front of Kubeflow may send with status 200 at any
    request, for an empty list or an object without values.
    """
    rest = api_client.rest_client
    if getattr(rest, "visage_timeout", None) == timeout:
        return
    send: Callable[..., Any] = rest.request

    def request(method: str, url: str, **arguments: Any) -> Any:
        # Of connecting and of reading; a single number must be whole, and others are silently left out.
        answer = send(method, url, **{**arguments, "_request_timeout": (timeout, timeout)})
        try:
            is_object = isinstance(json.loads(answer.data), dict)
        except ValueError:
            is_object = False
        if not is_object:
            raise _NoJsonError
        return answer

    rest.request, rest.visage_timeout = request, timeout


def _named(name: str) -> str:
    """Returns Kubeflow's filter of a name."""
    return json.dumps({"predicates": [{"operation": 1, "key": "display_name", "stringValue": name}]})


def _why(error: Any, connection: Connection, connecting: bool) -> str:
    """Returns the cause of an error of the API and its fix.

    Args:
        error: of the client.
        connection: to the API.
        connecting: whether nothing has shown yet that the address is that of the API.
    """
    status, text = error.status, _message(error)
    if status == 0:  # of TLS
        return _tls(text)
    if status == 401:
        given = "the token is not accepted" if connection.token or connection.cookie else "it wants a token"
        return f"status 401, {given}{text}; set $VISAGE_KUBEFLOW_TOKEN or --token-file (docs/kubeflow.md)"
    if status == 403:
        return f"status 403, not allowed{text}; give this user the rights in the namespace, or name --namespace"
    if status == 404 and connecting:
        return f"status 404{text}; name the address of Kubeflow Pipelines 2, e.g. http://HOST:8888"
    if status in (404, 409):
        return f"status {status}{text}; somebody has changed it meanwhile: submit again, or name --namespace"
    if status == 429 or status >= 500:
        return f"status {status}{text}; see the log of ml-pipeline, and try again"
    return f"status {status}{text}; see the log of ml-pipeline"


def _message(error: Any) -> str:
    """Returns the message of Kubeflow's error in parentheses; empty without one."""
    if error.status == 0:
        return str(error.reason).partition("\n")[2]
    body = error.body.decode(errors="replace") if isinstance(error.body, bytes) else str(error.body or "")
    try:
        found = json.loads(body)
        body = str(found.get("error_message") or found.get("message") or found.get("error") or "")
    except (ValueError, AttributeError):
        body = "" if "<" in body else body
    text = shortened(" ".join(body.split()))
    return f" ({text})" if text else ""


def _unreached(error: Any, host: str) -> str:
    """Returns why no answer came, and the fix."""
    import urllib3

    reason = getattr(error, "reason", None) or error
    if isinstance(reason, urllib3.exceptions.SSLError):
        return _tls(str(reason))
    way = by_way_of(host)
    if isinstance(reason, urllib3.exceptions.TimeoutError) and not isinstance(
        reason, urllib3.exceptions.NewConnectionError
    ):
        return f"no answer in time{way}; see the log of ml-pipeline, and try again"
    # "<urllib3.connection.HTTPConnection object at 0x…>: Failed to establish a new connection: [Errno 111] …"
    text = str(reason).rpartition("] ")[2] or str(reason)
    return f"not reached ({shortened(text)}){way}; check --host, and the port-forward or the ingress"


def _tls(text: str) -> str:
    return f"the TLS connection failed ({shortened(text)}); name the authority's certificate by --ca-file"
