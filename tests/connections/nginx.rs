//! A real nginx before the real Prometheus: passwords, bearer tokens, tenants, TLS with good and
//! bad certificates, client certificates, and a few ways to answer nonsense.

use std::cell::Cell;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::pki::{Pki, openssl};
use crate::process::{Process, client, free_ports, poll};

pub(crate) const USER: &str = "mirror";
pub(crate) const PASSWORD: &str = "first p%ss:wörd";
/// Bearer tokens; the log calls them `one` and `two`.
pub(crate) const TOKEN_ONE: &str = "token-one-1f0c";
pub(crate) const TOKEN_TWO: &str = "token-two-9a4e";
pub(crate) const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

pub(crate) struct Nginx {
    process: Process,
    folder: PathBuf,
    plain: u16,
    tls: [u16; 8],
    /// Lines of the access log that belong to earlier cases.
    before: Cell<usize>,
}

/// A line of the access log.
#[derive(Debug, Deserialize)]
pub(crate) struct Visit {
    pub(crate) uri: String,
    pub(crate) user: String,
    /// Which bearer token: `one`, `two` or empty.
    pub(crate) bearer: String,
    /// The subject of the client certificate, or empty.
    pub(crate) client: String,
    pub(crate) protocol: String,
    /// The version of HTTP, and the number of the connection.
    pub(crate) http: String,
    pub(crate) connection: String,
    /// Which coding was offered, and which was used.
    pub(crate) offered: String,
    pub(crate) coding: String,
}

/// Without a word nginx 1.22 stops at 1.2.
const BOTH: &str = "ssl_protocols TLSv1.2 TLSv1.3;";
/// What a TLS listener has: name, certificate, further lines.
const TLS: [(&str, &str, &str); 8] = [
    ("tls", "server", BOTH),
    ("expired", "expired", BOTH),
    ("wrong-name", "wrong-name", BOTH),
    ("foreign", "foreign", BOTH),
    (
        "mtls",
        "server",
        "ssl_protocols TLSv1.2 TLSv1.3; ssl_verify_client on; ssl_client_certificate client-ca.pem;",
    ),
    ("tls12", "server", "ssl_protocols TLSv1.2;"),
    ("h2", "server", BOTH),
    // Says GOAWAY after every tenth request.
    (
        "h2-restless",
        "server",
        "ssl_protocols TLSv1.2 TLSv1.3; keepalive_requests 10;",
    ),
];

impl Nginx {
    /// Starts it; `elsewhere` is where redirects lead.
    pub(crate) fn start(
        program: &Path,
        pki: &Pki,
        prometheus: &str,
        elsewhere: &str,
        folder: &Path,
    ) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        for name in [
            "server.pem",
            "server.key",
            "expired.pem",
            "expired.key",
            "wrong-name.pem",
            "wrong-name.key",
            "foreign.pem",
            "foreign.key",
            "client-ca.pem",
        ] {
            std::fs::copy(pki.path(name), folder.join(name)).unwrap();
        }
        let [plain, tls @ ..] = free_ports::<9>();
        let file = folder.join("nginx.conf");
        std::fs::write(&file, config(prometheus, elsewhere, plain, &tls)).unwrap();
        std::fs::write(folder.join("access.log"), "").unwrap();
        let folder_text = format!("{}/", folder.display());
        let arguments = ["-p", &folder_text, "-c", "nginx.conf", "-e", "stderr"].map(str::to_owned);
        let process = Process::start(program, &arguments, &[], &folder.join("error.log"));
        let mut nginx = Self {
            process,
            folder: folder.to_owned(),
            plain,
            tls,
            before: Cell::new(0),
        };
        nginx.reset();
        let ready = nginx.url("open/-/ready");
        nginx.process.wait_until_ready(&client(), &ready);
        nginx
    }

    /// The usual password, and nothing seen.
    pub(crate) fn reset(&self) {
        self.set_password(PASSWORD);
        self.before.set(self.lines().len());
    }

    /// The one password of the one user from the next request on.
    pub(crate) fn set_password(&self, password: &str) {
        std::fs::write(self.folder.join("password"), password).unwrap();
        let hash = openssl(&self.folder, "passwd -apr1 -in password");
        std::fs::write(self.folder.join("new"), format!("{USER}:{hash}")).unwrap();
        std::fs::rename(self.folder.join("new"), self.folder.join("htpasswd")).unwrap();
    }

    /// A place on the plain listener: `open`, `basic`, `bearer`, …
    pub(crate) fn url(&self, place: &str) -> String {
        format!("http://127.0.0.1:{}/{place}", self.plain)
    }

    /// A place on one of the TLS listeners, all of which have the same ones.
    pub(crate) fn tls_url(&self, listener: &str, place: &str) -> String {
        let n = TLS.iter().position(|(name, ..)| *name == listener).unwrap();
        format!("https://127.0.0.1:{}/{place}", self.tls[n])
    }

    /// Who came since the case began, once somebody did: a line is written after its answer.
    pub(crate) fn visits(&self) -> Vec<Visit> {
        poll(
            || "a line in nginx's access log".to_owned(),
            || self.lines().len() > self.before.get(),
        );
        let lines = self.lines().split_off(self.before.get());
        lines
            .iter()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// How many came so far.
    pub(crate) fn count(&self) -> usize {
        self.lines().len() - self.before.get()
    }

    fn lines(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.join("access.log")).unwrap();
        // A line that is being written has no end yet.
        let whole = log.rfind('\n').map_or("", |end| &log[..end]);
        whole.lines().map(str::to_owned).collect()
    }
}

fn config(prometheus: &str, elsewhere: &str, plain: u16, tls: &[u16]) -> String {
    let mut redirects = String::new();
    for code in REDIRECTS {
        writeln!(
            redirects,
            "location /redirect-{code}/ {{ return {code} {elsewhere}/login; }}\n\
             location /same-host-{code}/ {{ return {code} /open/api/v1/query; }}"
        )
        .unwrap();
    }
    let places = format!(
        r#"
        location /open/ {{ proxy_pass {prometheus}/; }}
        location /basic/ {{
            auth_basic prometheus; auth_basic_user_file htpasswd;
            proxy_set_header Authorization ""; proxy_pass {prometheus}/;
        }}
        location /bearer/ {{ if ($bearer = "") {{ return 401; }} proxy_pass {prometheus}/; }}
        location /bearer-two/ {{ if ($bearer != two) {{ return 401; }} proxy_pass {prometheus}/; }}
        location /custom/ {{
            if ($http_authorization != "Token {TOKEN_ONE}") {{ return 401; }}
            proxy_pass {prometheus}/;
        }}
        location /tenant/ {{
            if ($http_x_scope_orgid != team-a) {{ return 403; }} proxy_pass {prometheus}/;
        }}
        location /parameter/ {{ if ($arg_team != a) {{ return 403; }} proxy_pass {prometheus}/; }}
        location /get-only/ {{ if ($request_method = POST) {{ return 405; }} proxy_pass {prometheus}/; }}
        location /login/ {{ default_type text/html; return 200 "<html>log in</html>"; }}
        location /gzip/ {{
            gzip on; gzip_types application/json; gzip_proxied any; gzip_min_length 1;
            gzip_http_version 1.0; proxy_set_header Accept-Encoding ""; proxy_pass {prometheus}/;
        }}
        location /miscoded/ {{
            proxy_set_header Accept-Encoding ""; proxy_pass {prometheus}/; add_header Content-Encoding br;
        }}
        location /repeating/ {{
            default_type application/json;
            return 422 '{{"status":"error","errorType":"execution","error":"was shown $http_authorization $http_x_token $args"}}';
        }}
        location /gone/ {{ return 404; }}
        location /broken/ {{ return 500; }}
        location /forbidden/ {{ return 403; }}
        location /busy/ {{ return 429; }}
        {redirects}
        "#
    );
    let mut servers = format!("server {{ listen 127.0.0.1:{plain}; {places} }}\n");
    for ((name, certificate, more), port) in TLS.iter().zip(tls) {
        let version = if name.starts_with("h2") { " http2" } else { "" };
        writeln!(
            servers,
            "server {{ listen 127.0.0.1:{port} ssl{version}; ssl_certificate {certificate}.pem; \
             ssl_certificate_key {certificate}.key; {more} {places} }}"
        )
        .unwrap();
    }
    format!(
        r#"
        daemon off; master_process off; pid nginx.pid;
        events {{ worker_connections 4096; }}
        http {{
            client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
            uwsgi_temp_path uwsgi; scgi_temp_path scgi;
            map $http_authorization $bearer {{
                "Bearer {TOKEN_ONE}" one; "Bearer {TOKEN_TWO}" two; default "";
            }}
            log_format visit escape=json '{{"uri":"$uri","user":"$remote_user","bearer":"$bearer",'
                '"client":"$ssl_client_s_dn","protocol":"$ssl_protocol",'
                '"http":"$server_protocol","connection":"$connection",'
                '"offered":"$http_accept_encoding","coding":"$sent_http_content_encoding"}}';
            access_log access.log visit;
            large_client_header_buffers 4 64k; client_max_body_size 4m;
            {servers}
        }}
        "#
    )
}
