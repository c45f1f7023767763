//! One deliberate use per ban of `clippy.toml`. Clippy expects to complain about each: a ban that no
//! longer bites, because its path is misspelt or has moved, is an unfulfilled expectation.

/// Makes a function that is never called and whose body must meet a ban.
macro_rules! banned {
    ($name:ident, $lint:path, $($body:tt)*) => {
        #[expect($lint, reason = "shows that the ban bites")]
        #[expect(dead_code, reason = "is only compiled")]
        fn $name() {
            $($body)*
        }
    };
}

banned!(
    env_var,
    clippy::disallowed_methods,
    drop(std::env::var("HOME"))
);
banned!(
    env_var_os,
    clippy::disallowed_methods,
    drop(std::env::var_os("HOME"))
);
banned!(env_vars, clippy::disallowed_methods, drop(std::env::vars()));
banned!(
    env_vars_os,
    clippy::disallowed_methods,
    drop(std::env::vars_os())
);
banned!(now, clippy::disallowed_methods, let _ = std::time::SystemTime::now(););
banned!(sleep, clippy::disallowed_methods, std::thread::sleep(std::time::Duration::ZERO););
banned!(exit, clippy::disallowed_methods, std::process::exit(0););
banned!(
    dial_blocking,
    clippy::disallowed_methods,
    drop(std::net::TcpStream::connect("[::1]:1"))
);
banned!(
    dial,
    clippy::disallowed_methods,
    drop(tokio::net::TcpStream::connect("[::1]:1"))
);
banned!(
    resolve,
    clippy::disallowed_methods,
    drop(tokio::net::lookup_host("[::1]:1"))
);
banned!(
    connector,
    clippy::disallowed_methods,
    drop(hyper_util::client::legacy::connect::HttpConnector::new())
);
banned!(
    spawn,
    clippy::disallowed_methods,
    drop(tokio::task::spawn(async {}))
);
banned!(
    spawn_short,
    clippy::disallowed_methods,
    drop(tokio::spawn(async {}))
);
banned!(
    json_tree,
    clippy::disallowed_types,
    drop(None::<serde_json::Value>)
);

#[test]
fn every_ban_is_used_once() {
    let bans = include_str!("../../clippy.toml");
    let uses = include_str!("bans.rs");
    for line in bans.lines().filter(|line| !line.contains("allow-invalid")) {
        if let Some((_, rest)) = line.split_once("path = \"") {
            let path = rest.split('"').next().unwrap();
            assert!(uses.contains(path), "no deliberate use of {path}");
        }
    }
}
