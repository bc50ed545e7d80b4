//! Where does the fuzzer find its seeds? This writes them: a folder for each reader, below the one that is named.

use std::io;
use std::path::PathBuf;
use std::{env, fs};

use countersign_readers::{READERS, seeds};

fn main() -> io::Result<()> {
    let folder = env::args_os().nth(1).map_or_else(|| PathBuf::from("seeds"), PathBuf::from);
    for (reader, _) in READERS {
        let folder = folder.join(reader);
        fs::create_dir_all(&folder)?;
        for (number, seed) in seeds::of(reader).iter().enumerate() {
            fs::write(folder.join(format!("seed-{number:03}")), seed)?;
        }
    }
    Ok(())
}
