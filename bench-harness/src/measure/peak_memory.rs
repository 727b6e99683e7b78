//! The most memory this process has held.

/// Peak resident size of this process so far, in bytes: `VmHWM` of Linux, `None` elsewhere.
pub fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    // Linux writes kB for 1024 bytes.
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::peak_memory_bytes;

    #[test]
    fn what_was_held_counts_after_it_is_gone() {
        const BYTES: usize = 64 << 20;
        let held = std::hint::black_box(vec![1_u8; BYTES]);
        drop(held);
        let peak = peak_memory_bytes().expect("Linux says it");
        assert!(peak >= BYTES as u64, "{peak}");
    }
}
