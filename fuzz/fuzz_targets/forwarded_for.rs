#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| prometheus_mirror::fuzzing::forwarded_for(data));
