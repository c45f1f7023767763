//! A private CA and what it signs, made by openssl for this run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Just enough of a CA for openssl, whose other ways to sign cannot set a date in the past.
const CA_CONFIG: &str = "[ca]\ndefault_ca = one\n[one]\ndatabase = index.txt\nnew_certs_dir = .\n\
    policy = any\nunique_subject = no\nrand_serial = yes\n[any]\ncommonName = supplied\n";

/// The CA that cases trust, one that nobody does, and one for clients.
pub(crate) const CA: &str = "ca";
pub(crate) const FOREIGN_CA: &str = "foreign-ca";
pub(crate) const CLIENT_CA: &str = "client-ca";

pub(crate) struct Pki {
    folder: PathBuf,
}

impl Pki {
    pub(crate) fn make(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let pki = Self {
            folder: folder.to_owned(),
        };
        std::fs::write(folder.join("ca.cnf"), CA_CONFIG).unwrap();
        std::fs::write(folder.join("index.txt"), "").unwrap();
        for ca in [CA, FOREIGN_CA, CLIENT_CA] {
            pki.openssl(&format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN={ca} \
                 -keyout {ca}.key -out {ca}.pem -addext keyUsage=critical,keyCertSign"
            ));
        }
        let here = "IP:127.0.0.1,DNS:localhost";
        pki.issue(CA, "server", here, "-days 30");
        pki.issue(CA, "wrong-name", "DNS:other.example", "-days 30");
        let past = "-startdate 20200101000000Z -enddate 20200201000000Z";
        pki.issue(CA, "expired", here, past);
        pki.issue(FOREIGN_CA, "foreign", here, "-days 30");
        for client in ["client-one", "client-two"] {
            pki.issue(CLIENT_CA, client, "DNS:client", "-days 30");
        }
        pki.issue(CLIENT_CA, "client-expired", "DNS:client", past);
        pki.issue_with(
            "rsa:2048",
            CLIENT_CA,
            "client-rsa",
            "DNS:client",
            "-days 30",
        );
        // The older spellings of a key: SEC1 and PKCS#1.
        for client in ["client-one", "client-rsa"] {
            pki.openssl(&format!(
                "pkey -in {client}.key -traditional -out {client}.old.key"
            ));
        }
        pki
    }

    /// A file as text: `server.pem`, `client-one.key`.
    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Every private key.
    pub(crate) fn keys(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.folder).unwrap();
        let paths = files.map(|file| file.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|it| it == "key"))
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn issue(&self, ca: &str, name: &str, names: &str, dates: &str) {
        let key = "ec -pkeyopt ec_paramgen_curve:P-256";
        self.issue_with(key, ca, name, names, dates);
    }

    fn issue_with(&self, key: &str, ca: &str, name: &str, names: &str, dates: &str) {
        let extensions = format!("subjectAltName={names}\nbasicConstraints=CA:FALSE\n");
        std::fs::write(self.path(&format!("{name}.ext")), extensions).unwrap();
        self.openssl(&format!(
            "req -new -newkey {key} -nodes -subj /CN={name} -keyout {name}.key -out {name}.csr"
        ));
        self.openssl(&format!(
            "ca -batch -notext -config ca.cnf -md sha256 -cert {ca}.pem \
             -keyfile {ca}.key -in {name}.csr -out {name}.pem -extfile {name}.ext {dates}"
        ));
    }

    fn openssl(&self, arguments: &str) {
        openssl(&self.folder, arguments);
    }
}

/// Runs openssl; gives what it printed.
pub(crate) fn openssl(folder: &Path, arguments: &str) -> String {
    let output = Command::new("openssl")
        .args(arguments.split_ascii_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {said}");
    String::from_utf8(output.stdout).unwrap()
}
