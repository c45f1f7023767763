"""As much of a cluster as a look-up of Helm's needs: one Secret, on loopback."""

import base64
import contextlib
import http.server
import json
import pathlib
import tempfile
import threading

VERSION = {"major": "1", "minor": "32", "gitVersion": "v1.32.0"}
# Helm 4 asks for every kind that is rendered.
KINDS = {
    "v1": ["ConfigMap", "Pod", "Secret", "Service", "ServiceAccount"],
    "apps/v1": ["Deployment"],
    "networking.k8s.io/v1": ["NetworkPolicy"],
    "policy/v1": ["PodDisruptionBudget"],
}


def plural(kind):
    return (kind[:-1] + "ies" if kind.endswith("y") else kind + "s").lower()


def discovery():
    """What the API server says about itself."""
    groups = []
    for group in KINDS:
        name, _, version = group.rpartition("/")
        if name:
            itself = {"groupVersion": group, "version": version}
            groups.append({"name": name, "versions": [itself], "preferredVersion": itself})
    answers = {
        "/version": VERSION,
        "/api": {"kind": "APIVersions", "versions": ["v1"]},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups},
    }
    for group, kinds in KINDS.items():
        resources = [{"name": plural(kind), "singularName": kind.lower(), "namespaced": True,
                      "kind": kind, "verbs": ["get", "list"]} for kind in kinds]
        path = f"/apis/{group}" if "/" in group else f"/api/{group}"
        answers[path] = {"kind": "APIResourceList", "groupVersion": group, "resources": resources}
    return answers


@contextlib.contextmanager
def with_secret(release, namespace, name, data):
    """The path of a kubeconfig, for a cluster where a release made this Secret."""
    data = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    owner = {"meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": namespace}
    metadata = {"name": name, "namespace": namespace, "annotations": owner,
                "labels": {"app.kubernetes.io/managed-by": "Helm"}}
    secret = {"kind": "Secret", "apiVersion": "v1", "metadata": metadata, "data": data}
    answers = discovery() | {f"/api/v1/namespaces/{namespace}/secrets/{name}": secret}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            answer = answers.get(self.path.partition("?")[0])
            body = json.dumps(answer or {"kind": "Status", "status": "Failure", "code": 404,
                                         "reason": "NotFound"}).encode()
            self.send_response(200 if answer else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "kubeconfig"
            file.write_text(json.dumps({
                "apiVersion": "v1", "kind": "Config", "current-context": "test",
                "clusters": [{"name": "test", "cluster": {
                    "server": f"http://127.0.0.1:{server.server_port}"}}],
                "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}],
                "users": [{"name": "test", "user": {}}],
            }))
            yield file
    finally:
        server.shutdown()
        server.server_close()
