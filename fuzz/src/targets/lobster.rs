//! Recorded data: any bytes are a file of each format or an error that can be printed.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};

use crate::marks::reach;
use seawall::feeds::follow::{LoadReader, ReplayOptions, replay};
use seawall::feeds::{FeedError, Format, OpenOptions, RecordReader, open};

thread_local! {
    /// A file of this thread's own.
    static FILE: RefCell<PathBuf> = RefCell::new(std::env::temp_dir().join(format!(
        "seawall-fuzz-{}-{:?}.csv",
        std::process::id(),
        std::thread::current().id()
    )));
}

/// The formats that are streams of bytes; a Parquet file is its library's matter.
const FORMATS: [Format; 5] =
    [Format::Lobster, Format::Itch, Format::Dbn, Format::Bitstamp, Format::Csv];

/// What a run of many cases must reach.
pub const MARKS: &[&str] = &["an input of a file", "a replay to the end", "an error"];

/// Runs one case.
pub fn run(data: &[u8]) {
    FILE.with_borrow(|path| {
        fs::write(path, data).expect("the temporary directory can be written to");
        FORMATS.into_iter().for_each(|format| read(path, format));
        let _ = fs::remove_file(path);
    });
}

fn read(path: &Path, format: Format) {
    let options = ReplayOptions { orders_max: 64, ..ReplayOptions::default() };
    if let Ok(reader) = opened(path, format)
        && let Ok(mut load) = LoadReader::open(reader, options)
    {
        while let Ok(Some(_)) = load.input() {
            reach("an input of a file");
        }
    }
    match opened(path, format).and_then(|reader| replay(reader, options)) {
        Ok(_) => reach("a replay to the end"),
        Err(error) => {
            assert!(!error.to_string().is_empty(), "an error says something");
            reach("an error");
        }
    }
}

fn opened(path: &Path, format: Format) -> Result<Box<dyn RecordReader>, FeedError> {
    // A stock that the seeds have (ITCH), whatever the file has (the others).
    let instrument = (format == Format::Itch).then(|| "TEST".to_owned());
    open(path, format, &OpenOptions { instrument })
}
