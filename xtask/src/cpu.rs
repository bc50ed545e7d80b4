//! How much time has passed, and how much of the processors have we and everything we started used?
//!
//! `cargo xtask` becomes this process once it has compiled it, so both accounts begin with Cargo.

use std::fs;
use std::time::Duration;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// A process whose parent is gone becomes our child, so that its time reaches our account: browsers
/// leave such orphans. Call once, before the first part.
pub fn adopt_orphans() {
    #[cfg(target_os = "linux")]
    // Without it only some seconds go uncounted, so a refusal does not matter.
    let _ = nix::sys::prctl::set_child_subreaper(true);
}

/// Time of this process and of all that have ended below it. Only between two commands: it collects
/// whatever child has ended.
pub fn used() -> Duration {
    while let Ok(status) = waitpid(Pid::from_raw(-1), Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            break;
        }
    }
    [UsageWho::RUSAGE_SELF, UsageWho::RUSAGE_CHILDREN]
        .into_iter()
        .filter_map(|who| getrusage(who).ok())
        .map(|usage| duration(usage.user_time()) + duration(usage.system_time()))
        .sum()
}

/// Wall time since `cargo xtask` was entered. Zero where the system does not tell.
pub fn since_start() -> Duration {
    let read = || {
        let uptime: f64 = fs::read_to_string("/proc/uptime").ok()?.split(' ').next()?.parse().ok()?;
        let state = fs::read_to_string("/proc/self/stat").ok()?;
        // The program's name, in parentheses, may hold spaces; the start is the 20th field behind it.
        let started: f64 = state.rsplit_once(") ")?.1.split(' ').nth(19)?.parse().ok()?;
        Duration::try_from_secs_f64(uptime - started / TICKS_PER_SECOND).ok()
    };
    read().unwrap_or_default()
}

/// Linux counts in this unit for every program, whatever the kernel's own tick.
const TICKS_PER_SECOND: f64 = 100.0;

fn duration(time: TimeVal) -> Duration {
    let seconds = u64::try_from(time.tv_sec()).unwrap_or(0);
    let microseconds = u64::try_from(time.tv_usec()).unwrap_or(0);
    Duration::from_secs(seconds) + Duration::from_micros(microseconds)
}
