//! Keeps the memory of the process, with the secrets in it, out of core dumps (security.md, "The
//! process"). What the kernel hands to a program instead of writing it, that program is told the limit
//! of, and systemd-coredump keeps nothing at 0.

use std::io;

use rustix::process::Resource;
use rustix::process::Rlimit;
use rustix::process::getrlimit;
use rustix::process::setrlimit;

/// Lowers the limit of core dumps to nothing, the hard one too, so that nothing raises it again.
///
/// # Errors
///
/// What the system says if it does not let us.
pub(super) fn forbid() -> io::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    // A filter of system calls that forbids the change is no failure where nothing is to be changed.
    if getrlimit(Resource::Core) == none {
        return Ok(());
    }
    Ok(setrlimit(Resource::Core, none)?)
}
