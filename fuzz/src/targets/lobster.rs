//! Recorded data: any bytes are a LOBSTER message file or an error that can be printed.

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;

use seawall::feeds::lobster::{LoadReader, ReplayOptions, replay};

thread_local! {
    /// A file of this thread's own.
    static FILE: RefCell<PathBuf> = RefCell::new(std::env::temp_dir().join(format!(
        "seawall-fuzz-{}-{:?}.csv",
        std::process::id(),
        std::thread::current().id()
    )));
}

/// Runs one case.
pub fn run(data: &[u8]) {
    FILE.with_borrow(|path| {
        fs::write(path, data).expect("the temporary directory can be written to");
        if let Ok(mut reader) = LoadReader::open(path, ReplayOptions::default()) {
            while let Ok(Some(_)) = reader.input() {}
        }
        if let Err(error) =
            replay(path, ReplayOptions { orders_max: 64, ..ReplayOptions::default() })
        {
            assert!(!error.to_string().is_empty(), "an error says something");
        }
        let _ = fs::remove_file(path);
    });
}
