//! Which thread runs where, and why.

use std::fmt;

use crate::ring::WaitStrategy;

/// How the work is spread over threads. The load generator stands for all gateways, the recorder
/// for all readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Generator, engine and recorder on a core of their own each.
    Separate {
        /// Core of the generator.
        generator: usize,
        /// Core of the engine.
        engine: usize,
        /// Core of the recorder.
        recorder: usize,
    },
    /// Generator and recorder take turns on one core, the engine has the other.
    Shared {
        /// Core of generator and recorder.
        edge: usize,
        /// Core of the engine.
        engine: usize,
    },
    /// Everything takes turns in one thread.
    Inline {
        /// The core, if it is known.
        core: Option<usize>,
    },
}

/// A layout and the reason for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topology {
    /// The layout.
    pub layout: Layout,
    /// Cores this process may use.
    pub cores: usize,
}

impl Topology {
    /// The best layout for these cores (their ids). With more than three, the first is left to
    /// the operating system.
    pub const fn choose(cores: &[usize]) -> Self {
        let layout = match *cores {
            [] => Layout::Inline { core: None },
            [core] => Layout::Inline { core: Some(core) },
            [edge, engine] => Layout::Shared { edge, engine },
            [generator, engine, recorder] | [_, generator, engine, recorder, ..] => {
                Layout::Separate { generator, engine, recorder }
            }
        };
        Self { layout, cores: cores.len() }
    }

    /// The layout for the cores this process may use now.
    pub fn detect() -> Self {
        Self::detect_at_most(usize::MAX)
    }

    /// The same with at most so many threads.
    pub fn detect_at_most(threads: usize) -> Self {
        let ids = our_cores();
        let usable = if threads < 3 { threads.min(ids.len()) } else { ids.len() };
        Self { cores: ids.len(), ..Self::choose(&ids[..usable]) }
    }

    /// Threads of the layout.
    pub const fn threads(&self) -> usize {
        match self.layout {
            Layout::Separate { .. } => 3,
            Layout::Shared { .. } => 2,
            Layout::Inline { .. } => 1,
        }
    }

    /// How a thread of this layout waits. With a core of its own it spins, and yields when the
    /// other end is away for long: on a machine that others use too, that end may be waiting for
    /// this core.
    pub const fn wait_strategy(&self) -> WaitStrategy {
        match self.layout {
            Layout::Separate { .. } | Layout::Shared { .. } => WaitStrategy::SpinYield,
            Layout::Inline { .. } => WaitStrategy::Yielding,
        }
    }

    /// A short name for reports.
    pub const fn name(&self) -> &'static str {
        match self.layout {
            Layout::Separate { .. } => "three threads",
            Layout::Shared { .. } => "two threads",
            Layout::Inline { .. } => "one thread",
        }
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.name())?;
        match self.layout {
            Layout::Separate { generator, engine, recorder } => write!(
                f,
                "generator on core {generator}, engine on core {engine}, recorder on core \
                 {recorder} ({} cores are ours)",
                self.cores
            ),
            Layout::Shared { edge, engine } => write!(
                f,
                "generator and recorder take turns on core {edge}, engine on core {engine} \
                 ({} cores are ours)",
                self.cores
            ),
            Layout::Inline { core: Some(core) } => write!(
                f,
                "generator, engine and recorder take turns on core {core} ({} cores are ours): \
                 what is measured is work, not hand-off",
                self.cores
            ),
            Layout::Inline { core: None } => write!(
                f,
                "generator, engine and recorder take turns; which cores are ours is unknown, so \
                 nothing is pinned"
            ),
        }
    }
}

/// Ids of the cores that the calling thread may use. Ask before pinning: afterwards it is one.
pub fn our_cores() -> Vec<usize> {
    core_affinity::get_core_ids().unwrap_or_default().iter().map(|core| core.id).collect()
}

/// Pins the calling thread. `false` if the system refused; the thread then runs anywhere.
pub fn pin_to(core: usize) -> bool {
    core_affinity::set_for_current(core_affinity::CoreId { id: core })
}
