//! Who may write dist/ and the shelf now, when the workshop runs twice at once?

use std::fs::{self, File, TryLockError};

use crate::failure::{Failure, Outcome, While};
use crate::workspace;

/// Waits until no other xtask of this target folder writes. Dropping the answer lets the next one in,
/// and so does the end of the process, however it ends.
pub fn take() -> Outcome<File> {
    let shelf = workspace::shelf("")?;
    fs::create_dir_all(&shelf).while_doing("A folder for xtask could not be made")?;
    let file = File::create(shelf.join("turn")).while_doing("xtask's lock file could not be made")?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            eprintln!("xtask: waiting for another xtask that builds here …");
            file.lock().while_doing("The other xtask could not be waited for")?;
            Ok(file)
        }
        Err(TryLockError::Error(error)) => Err(Failure::new(format!("xtask's lock could not be taken: {error}."))),
    }
}
