//! Files as they are changed, spoilt and swapped under us.

use std::fs;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::symlink;

use tempfile::TempDir;
use tokio::time::advance;

use super::*;

struct Rig {
    folder: TempDir,
    instruments: Arc<Instruments>,
    files: Files,
}

impl Rig {
    fn new() -> Self {
        let instruments = Arc::new(Instruments::new());
        let files = Files::new(Arc::clone(&instruments));
        Self {
            folder: TempDir::new().unwrap(),
            instruments,
            files,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("secret")
    }

    /// Writes the file anew, as an editor does.
    fn write(&self, text: impl AsRef<[u8]>) {
        let new = self.folder.path().join("new");
        fs::write(&new, text).unwrap();
        fs::set_permissions(&new, Permissions::from_mode(0o600)).unwrap();
        fs::rename(new, self.path()).unwrap();
    }

    async fn read(&self) -> Result<String, FileError> {
        let read = self.files.read(&self.path()).await?;
        Ok(read.secret().expose().to_owned())
    }

    fn unusable(&self) -> bool {
        self.instruments
            .encode()
            .contains("mirror_secret_files_unusable 1")
    }
}

/// Lets ten seconds pass, and what happens then happen.
async fn ten_seconds() {
    // The watch begins its waiting.
    tokio::task::yield_now().await;
    advance(EVERY).await;
    for _ in 0..20 {
        // The reading itself is done by another thread.
        spawn_blocking(|| ()).await.unwrap();
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_line_end_is_no_part_of_a_secret() {
    for (text, expected) in [
        ("a", "a"),
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\n\n", "a\n"),
        (" a ", " a "),
        ("", ""),
    ] {
        let rig = Rig::new();
        rig.write(text);
        assert_eq!(rig.read().await.as_deref(), Ok(expected), "{text:?}");
    }
}

#[tokio::test]
async fn a_file_that_others_may_write_is_refused() {
    for (mode, is_refused) in [
        (0o600, false),
        (0o644, false),
        (0o440, false),
        (0o660, true),
        (0o602, true),
        (0o666, true),
    ] {
        let rig = Rig::new();
        rig.write("a");
        fs::set_permissions(rig.path(), Permissions::from_mode(mode)).unwrap();
        let expected = if is_refused {
            Err(FileError::Writable(mode))
        } else {
            Ok("a".to_owned())
        };
        assert_eq!(rig.read().await, expected, "{mode:o}");
    }
}

#[tokio::test]
async fn what_is_no_small_text_file_is_refused() {
    let rig = Rig::new();
    assert_eq!(rig.read().await, Err(FileError::Absent));
    fs::create_dir(rig.path()).unwrap();
    assert_eq!(rig.read().await, Err(FileError::NoFile));
    fs::remove_dir(rig.path()).unwrap();
    rig.write([0xff]);
    assert_eq!(rig.read().await, Err(FileError::NoText));
    rig.write(vec![b'a'; (1 << 20) + 1]);
    assert_eq!(rig.read().await, Err(FileError::TooLarge));
    rig.write(vec![b'a'; 1 << 20]);
    assert_eq!(rig.read().await.unwrap().len(), 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn a_change_is_seen_after_ten_seconds_and_never_on_the_path_of_a_request() {
    let rig = Rig::new();
    rig.write("old");
    assert_eq!(rig.read().await.unwrap(), "old");
    rig.write("new");
    assert_eq!(rig.read().await.unwrap(), "old");
    ten_seconds().await;
    assert_eq!(rig.read().await.unwrap(), "new");
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_swapped_is_a_change() {
    let rig = Rig::new();
    let folder = rig.folder.path();
    fs::create_dir(folder.join("1")).unwrap();
    fs::create_dir(folder.join("2")).unwrap();
    fs::write(folder.join("1/secret"), "one").unwrap();
    fs::write(folder.join("2/secret"), "two").unwrap();
    symlink("1", folder.join("data")).unwrap();
    symlink("data/secret", rig.path()).unwrap();
    assert_eq!(rig.read().await.unwrap(), "one");
    symlink("2", folder.join("next")).unwrap();
    fs::rename(folder.join("next"), folder.join("data")).unwrap();
    ten_seconds().await;
    assert_eq!(rig.read().await.unwrap(), "two");
}

#[tokio::test(start_paused = true)]
async fn a_file_that_cannot_be_used_any_more_keeps_what_it_held() {
    let rig = Rig::new();
    rig.write("old");
    assert_eq!(rig.read().await.unwrap(), "old");
    fs::remove_file(rig.path()).unwrap();
    ten_seconds().await;
    assert_eq!(rig.read().await.unwrap(), "old");
    assert!(rig.unusable());
    rig.write("new");
    ten_seconds().await;
    assert_eq!(rig.read().await.unwrap(), "new");
    assert!(!rig.unusable());
}

#[tokio::test]
async fn a_refused_secret_is_read_again_at_once() {
    let rig = Rig::new();
    rig.write("old");
    let read = rig.files.read(&rig.path()).await.unwrap();
    assert!(!rig.files.has_changed(&read).await);
    rig.write("new");
    assert!(rig.files.has_changed(&read).await);
    assert_eq!(rig.read().await.unwrap(), "new");
}

#[tokio::test]
async fn neither_a_file_nor_its_content_is_shown() {
    let rig = Rig::new();
    rig.write("opensesame");
    let read = rig.files.read(&rig.path()).await.unwrap();
    assert!(!format!("{read:?} {:?}", rig.files).contains("opensesame"));
}
