"""Settings that the mirror does not start with, and their next neighbours that it does: chart and mirror agree
on each (`mirror.py`).
"""


def token(length):
    return {"callers": [{"name": "a", "tokens": ["x" * length]}]}


def one(**members):
    """A caller with a token, and more."""
    return {"callers": [{"name": "a", "tokens": ["0123456789abcdef"]} | members]}


def lab(**members):
    return {"connections": {"lab": {"url": "http://prometheus:9090"} | members}}


def listed(*upstreams):
    return {"policy": {"allowed_upstreams": list(upstreams)}}


BASIC = {"username": "u"}
OAUTH2 = {"client_id": "c", "client_secret": "s", "token_url": "https://login.example.net/token"}

REFUSED = [
    # Lists that leave nobody out, and networks that are none.
    {"allowed_callers": ["0.0.0.0/0"]}, {"allowed_callers": ["10.0.0.0/8", "::/0"]},
    {"allowed_callers": ["0.0.0.0/1", "128.0.0.0/1"]}, {"allowed_callers": ["128.0.0.0/2", "0.0.0.0/1", "192.0.0.0/2"]},
    {"allowed_callers": ["::/1", "8000::/1"]}, {"allowed_callers": ["0.0.0.0/2", "0.0.0.0/1", "128.0.0.0/1", "10.0.0.0/8"]},
    {"allowed_callers": ["10.0.0.0/8"], "trusted_proxies": ["0.0.0.0/0"]},
    {"allowed_callers": ["10.0.0.0/8"], "trusted_proxies": ["128.0.0.0/1", "0.0.0.0/1"]},
    {"allowed_callers": []},
    *[one() | {"allowed_callers": [it]} for it in (
        "10.0.0.5/8", "10.1.0.0/15", "10.0.0.0/33", "10.0.0.256", "10.0.0.01", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8/8",
        "2001:db8::1/32", "2001:db8::/129", "2001:db8", "1::2::3", ":1::", "1:2:3:4:5:6:7:8:9", "12345::",
        "::ffff:10.0.0.1", "::ffff:a00:0/104", "::10.0.0.1/8", "example.net", "10.0.0.0/8 ")],
    *[one() | {"trusted_proxies": [it]} for it in ("10.0.0.5/8", "fd00::1/8")],
    # Callers.
    {"callers": [{"name": "a"}]}, {"callers": [{"tokens": ["0123456789abcdef"]}]}, token(15), token(513),
    one(tokens=[]), one(token_files=[]), one(certificates=["spiffe://a"]), one(name="A"), one(upstreams=["http://*.com"]),
    one(tokens=["0123456789abcdef", "0123456789abcdeg", "0123456789abcdeh"]),
    {"callers": one()["callers"] * 2},
    # Upstreams.
    *[listed(it) for it in (
        "http://*.com", "http://a.*.com", "http://*", "http://a*.b.com", "http://*.*.example.net", "ftp://a", "http://",
        "http://u:p@a", "http://a/?q", "http://a/#f", "http://a b", "http://a/../b", "http://a/%2e", "http://a/%zz",
        "http://a:0", "http://a:65536", "http://a..b", "http://a:x", "http://a/api/v1", "http://a/api/v1/query/",
        5, True, ["http://a"], {"url": 5}, {"url": "http://a", "addresses": "10.0.0.0/8"}, {"url": "http://a", "addresses": [5]},
        {"url": "http://a", "addresses": []}, {"url": "http://a", "addresses": ["10.0.0.1/8"]}, {"addresses": ["10.0.0.0/8"]})],
    {"policy": {"allowed_upstreams": "http://a"}}, {"policy": {"allowed_upstreams": {"url": "http://a"}}},
    # Connections.
    {"connections": {"lab": {}}}, {"connections": {"lab": {"dialect": "metricsql"}}}, lab(host="a"), lab(path_prefix="/a"),
    lab(url="prometheus:9090"), lab(url="http://:p@a"), lab(url="http://a?b"), {"connections": {"lab": {"host": "a b"}}},
    lab(url="https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-example"),
    lab(basic_auth=BASIC, bearer_token="x"), lab(basic_auth=BASIC, aws={}), lab(url="http://u:p@a", bearer_token="x"),
    lab(basic_auth={}), lab(basic_auth={"password": "p"}), lab(authorization={}), lab(authorization={"type": "Token"}),
    lab(oauth2={}), *[lab(oauth2={key: value for key, value in OAUTH2.items() if key != it}) for it in OAUTH2],
    lab(basic_auth=BASIC | {"password": "p", "password_file": "/p"}), lab(sigv4={"access_key": "AKIDEXAMPLE0000000"}),
    lab(url="https://a", tls_config={"cert_file": "/c"}), lab(url="https://a", tls_config={"key_file": "/k"}),
    lab(aws={"aws_access_key_id": "AKIDEXAMPLE0000000"}),
    lab(url="https://a", oauth2=OAUTH2 | {"tls_config": {"cert_file": "/c"}}),
    # The rest.
    one() | {"listen": "localhost"}, one() | {"listen": "10.0.0.0/8"},
    one() | {"console": {"token": "0123456789abcde"}},
    one() | {"console": {"token": "0123456789abcdef", "token_file": "/t"}},
    *[one() | {"tls": dict.fromkeys(it, "/f")} for it in (["cert_file"], ["key_file"], ["client_ca_file"],
                                                       ["cert_file", "client_ca_file"])],
    *[one() | {"limits": it} for it in (
        {"byte_budget": "lots"}, {"byte_budget": "1023KiB"}, {"byte_budget": "512MB"}, {"byte_budget": 1024},
        {"byte_budget": "8B"}, {"backend_calls_for": {"lab": 1}}, {"drain": "soon"}, {"drain": "1s1m"})],
    lab() | {"limits": {"backend_calls_for": {"prod": 1}}},
    one() | {"answer_cache": "64MB"}, one() | {"answer_ttl": "2 s"},
    *[one() | {"limits": {"connection_age": it}} for it in (
        0, "0s", 0.9999, "999ms", "5E-1", "1h1ms", 3601, 3600.0001, "1E4")],
    *[one() | {"limits": {it: value}} for it in ("drain", "shutdown_delay") for value in ("10m1ms", 600.5)],
    *[one() | {"answer_ttl": it} for it in ("999ms", 0.5, "5001ms", 5.0001, "1E1", "1h")],
    *[one() | {"limits": {"byte_budget": it}} for it in (0, "0", "0B", "1E6")],
    *[one() | {"listen": it} for it in ("[::1", "::1]", "[[::1]]", "::ffff:0.0.0.0/96")],
    *[one() | {"trusted_proxies": [it]} for it in ("::ffff:10.0.0.1", "::ffff:0:0/96")],
    listed({"url": "http://a", "addresses": ["::ffff:10.0.0.1"]}),
    {"policy": {"allowed_upstreams": "any"}, "allowed_callers": ["0.0.0.0/0"]},
]

ACCEPTED = [
    {"allowed_callers": ["0.0.0.0/1", "128.0.0.0/2"]}, {"allowed_callers": ["0.0.0.0/1", "8000::/1"]},
    {"allowed_callers": ["10.0.0.0/8"], "trusted_proxies": ["0.0.0.0/1"]},
    one() | {"allowed_callers": ["0.0.0.0/0"], "trusted_proxies": ["::/0"]},
    listed("http://a") | {"allowed_callers": ["0.0.0.0/0"]},
    *[one() | {"allowed_callers": [it]} for it in (
        "10.0.0.5", "10.0.0.5/32", "10.2.0.0/15", "10.0.0.0/08", "0.0.0.0/1", "2001:db8::1", "2001:DB8::/32", "::1/128",
        "1:2:3:4:5:6:7:8", "64:ff9b::10.0.0.1", "::10.0.0.0/104", "1:2:3:4:5:6:7::", "fe80::/10")],
    token(16), token(512), one(upstreams=["http://*.example.net"]),
    one(token_files=["/t"]), {"callers": [{"name": "a", "tokens": ["${A_VARIABLE}"]}]},
    *[listed(it) for it in (
        "http://*.example.net", "https://*.example.net:9090/a", "http://a.", "http://A_b-c:65535", "http://[::1]:9090",
        "HTTP://a", "http://a/b%20c", "http://a/api/v2", "http://a/...", {"url": "http://a", "addresses": ["10.0.0.0/8"]})],
    one() | {"policy": {"allowed_upstreams": "any"}}, one() | {"policy": {"allowed_upstreams": None}},
    lab(), lab(url="http://u:p@a"), lab(url="HTTPS://a:/b/"), lab(basic_auth=BASIC), lab(aws={}), lab(bearer_token=""),
    *[{"connections": {"lab": {"host": it}}} for it in ("a", "a:9090", "::1", "[::1]:9090", "http://a", "u:p@a", "a/b")],
    lab(authorization={"credentials": "c"}), lab(oauth2=OAUTH2), lab(url="https://a", tls_config={"ca_file": "/c"}),
    lab(url="https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-example", aws={}),
    lab(url="http://a.example.net/${A_VARIABLE}"), lab(http_headers={"X-Scope_file": {"values": ["a"]}}),
    one() | {"listen": "::"}, one() | {"listen": "[::]"}, one() | {"console": {"token": "0123456789abcdef"}},
    one() | {"tls": dict.fromkeys(["cert_file", "key_file", "client_ca_file"], "/f")},
    *[one() | {"limits": it} for it in (
        {"byte_budget": "1MiB"}, {"byte_budget": "2 GiB"}, {"byte_budget": 1048576}, {"byte_budget": "1048576"},
        {"byte_budget": "1024KiB"}, {"byte_budget": 536870912}, {"drain": "1s500ms", "shutdown_delay": "2.5"})],
    lab() | {"limits": {"backend_calls_for": {"lab": 1}}}, one() | {"answer_cache": "64MiB", "list_cache": "8 B"},
    *[one() | {"limits": {"connection_age": it}} for it in (1, "1s", "1E1", 3600, "1h", "59m60s", "", "${A_DURATION}")],
    *[one() | {"answer_ttl": it} for it in (0, "0s", "0ms", 1, "1E0", "5s", 5.0, "", "${A_DURATION}")],
    *[one() | {"limits": {"byte_budget": it}} for it in ("", "2E6", "1e7")],
    *[one() | {"limits": {"drain": it}} for it in ("", "1E1")],
    # IPv4 in the form of IPv6, which only lists of networks refuse.
    *[one() | {"listen": it} for it in ("::ffff:0.0.0.0", "[::ffff:10.0.0.1]", "[127.0.0.1]", "")],
    *[{"connections": {"lab": {"host": it}}} for it in ("::ffff:1.2.3.4", "::ffff:102:304", "[::ffff:1.2.3.4]:9090")],
    listed() | {"allowed_callers": ["0.0.0.0/0"]}, listed(),
]

# The caller `default` has the token of a variable.
TOKEN = {"CALLER_TOKEN": "0123456789abcdef"}
DEFAULT = {"callers": [{"name": "default"}]}
REFUSED_BESIDE = [
    (DEFAULT, {"CALLER_TOKEN": ""}), (DEFAULT, {"A_TOKEN": "0123456789abcdef"}), ({"callers": [{"name": "a"}]}, TOKEN),
    ({"callers": [{"name": "default", "tokens": []}]}, TOKEN), ({"allowed_callers": ["0.0.0.0/0"]}, {"CALLER_TOKEN": ""}),
]
ACCEPTED_BESIDE = [
    (DEFAULT, TOKEN), (DEFAULT, {"CALLER_TOKEN_FILE": "/t"}), ({"allowed_callers": ["0.0.0.0/0"]}, TOKEN),
    ({"allowed_callers": ["10.0.0.0/8"], "trusted_proxies": ["0.0.0.0/0"]}, {"CALLER_TOKEN_FILE": "/t"}),
]
