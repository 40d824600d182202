//! The keys' file, which all backends share: made at the first start, changed by `teller keys`, read again when it has changed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key::{Format, Ring, Unreadable};
use crate::domain::time::Timestamp;

/// Most bytes of the file that are read.
const MAX_BYTES: u64 = 1 << 16;
/// Leave for others than the owner to write. Containers hand out files that all may read, in folders that are closed.
const WRITTEN_BY_OTHERS: u32 = 0o022;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read or written.
    #[error("it cannot be read or written")]
    Io(#[from] io::Error),
    /// It says what is no key.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// Others than its owner may write it.
    #[error("others may change it (chmod 600 keeps them out)")]
    Open,
    /// There is no key in it.
    #[error("there is no key in it")]
    Empty,
    /// There is more in it than keys take.
    #[error("it is larger than {MAX_BYTES} bytes")]
    TooLarge,
}

/// The keys of `path`. If there is no such file, or no key for `format` in it, one is made.
///
/// # Errors
///
/// A file that cannot be used is left as it is.
pub fn load_or_make(path: &Path, format: Format, now: Timestamp) -> Result<Ring, FileError> {
    match read(path) {
        Ok(ring) if ring.has(format) => return Ok(ring),
        Err(FileError::Io(error)) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        Err(error @ (FileError::Unreadable(_) | FileError::Open | FileError::TooLarge)) => return Err(error),
        Ok(_) | Err(FileError::Io(_) | FileError::Empty) => {}
    }
    // Another process may have been quicker. A ring that is full has keys of the other format, which sign until there is room.
    let add = |ring: &mut Ring| if ring.has(format) { Ok(()) } else { ring.add(format, now) };
    change(path, add).map(|(ring, _)| ring)
}

/// Changes the keys of `path`, which is made if it is missing; nobody else changes them meanwhile, and whoever reads them reads those before or
/// those after.
pub fn change<T>(path: &Path, work: impl FnOnce(&mut Ring) -> T) -> Result<(Ring, T), FileError> {
    let lock = beside(path, "lock");
    let lock = OpenOptions::new().create(true).append(true).mode(0o600).open(lock)?;
    lock.lock()?;
    let mut ring = match read(path) {
        Err(FileError::Io(error)) if error.kind() == ErrorKind::NotFound => Ring::default(),
        read => read?,
    };
    let value = work(&mut ring);
    let draft = beside(path, "new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(ring.text().as_bytes())?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    Ok((ring, value))
}

/// The keys of `path`.
pub fn read(path: &Path) -> Result<Ring, FileError> {
    let file = File::open(path)?;
    let found = file.metadata()?;
    if found.mode() & WRITTEN_BY_OTHERS != 0 {
        return Err(FileError::Open);
    }
    if found.len() > MAX_BYTES {
        return Err(FileError::TooLarge);
    }
    let text = Zeroizing::new(io::read_to_string(file)?);
    Ok(Ring::parse(&text)?)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::sync::Barrier;
    use std::thread;

    use super::{FileError, change, load_or_make, read};
    use crate::domain::time::Timestamp;
    use crate::token::key::Format;

    const NOW: Timestamp = Timestamp(1_760_000_000_000_000);

    #[test]
    fn of_many_processes_that_start_at_once_all_have_the_same_key() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token.keys");
        let start = Barrier::new(8);
        let made = thread::scope(|scope| {
            let make = || {
                start.wait();
                load_or_make(&path, Format::Paseto, NOW).expect("keys").text()
            };
            let all: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            all.into_iter().map(|one| one.join().expect("no panic")).collect::<Vec<_>>()
        });
        assert!(made.iter().all(|text| *text == made[0]));
        assert_eq!(read(&path).expect("the file").keys().len(), 1);
        assert_eq!(fs::metadata(&path).expect("the file").permissions().mode() & 0o777, 0o600);

        let both = load_or_make(&path, Format::Jwt, NOW).expect("keys");
        assert!(both.has(Format::Paseto) && both.has(Format::Jwt), "another format is added");
    }

    #[test]
    fn changes_at_once_lose_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token.keys");
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| change(&path, |ring| ring.add(Format::Paseto, NOW)).expect("changed").1.expect("room"));
            }
        });
        assert_eq!(read(&path).expect("the file").keys().len(), 8);
    }

    #[test]
    fn a_file_that_cannot_be_used_is_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token.keys");
        for (text, mode) in [("nonsense".to_owned(), 0o600), (String::new(), 0o620), ("#".repeat(70_000), 0o600)] {
            fs::write(&path, &text).expect("written");
            fs::set_permissions(&path, Permissions::from_mode(mode)).expect("set");
            let refused = load_or_make(&path, Format::Paseto, NOW).expect_err("it cannot be used");
            assert!(!matches!(refused, FileError::Io(_)), "{refused}");
            assert_eq!(fs::read_to_string(&path).expect("the file"), text);
        }
    }
}
