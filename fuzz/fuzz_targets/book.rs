#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| seawall_fuzz::targets::book::run(data));
