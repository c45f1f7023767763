//! Embeds the console's page, if it was built: `console/dist`. Of a file with compressed twins these
//! alone, for they hold the same and size counts. Runs neither Node nor the network, and a build
//! without the page is a good one (experience.md, "Console page").

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;

#[expect(
    clippy::disallowed_methods,
    reason = "cargo tells a build script where things are by its environment"
)]
fn main() -> io::Result<()> {
    let dist = Path::new("console/dist");
    // Of a path that does not exist this holds too: it is looked at again when it does.
    println!("cargo::rerun-if-changed=console/dist");
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        collect(dist, &mut files)?;
    }
    files.sort();
    let has_twin = |file: &PathBuf| files.binary_search(&with_ending(file, ".gz")).is_ok();
    let files: Vec<_> = files.iter().filter(|file| !has_twin(file)).collect();
    let mut code = String::from("&[\n");
    for file in files {
        let name = file.strip_prefix(dist).map_err(io::Error::other)?;
        let _ = writeln!(
            code,
            "    ({:?}, include_bytes!({:?}).as_slice()),",
            name.to_string_lossy().replace('\\', "/"),
            root.join(file).to_string_lossy(),
        );
    }
    code.push_str("]\n");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("console.rs"), code)
}

/// The path with `ending` behind its last name.
fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

/// All files below `folder`.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}
