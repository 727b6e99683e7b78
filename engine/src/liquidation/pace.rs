//! How many forced steps an input grants: the one place where forced and client flow meet.

use super::Discipline;
use crate::state::{Canonical, Decoder, Encoder, StateError, put};
use crate::types::{Input, Sequenced};

/// The discipline's memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pace {
    /// Weighted: inputs since the last turn.
    pub(crate) client_inputs: u32,
    /// Rate limited: the current window and the steps taken in it.
    pub(crate) window: u64,
    pub(crate) steps_in_window: u32,
}

impl Pace {
    /// Steps that may follow this input.
    #[inline]
    pub(crate) fn steps_after(&mut self, discipline: &Discipline, input: &Sequenced) -> u32 {
        let is_step = matches!(input.input, Input::Step);
        match *discipline {
            Discipline::Strict { steps_max } => steps_max,
            Discipline::Fifo { steps_max } => {
                if is_step {
                    steps_max
                } else {
                    0
                }
            }
            Discipline::Weighted { forced, client } => {
                if is_step {
                    return forced;
                }
                self.client_inputs += 1;
                if self.client_inputs < client {
                    return 0;
                }
                self.client_inputs = 0;
                forced
            }
            Discipline::RateLimited { steps, interval_ns } => {
                let window = input.time_ns / interval_ns;
                if window != self.window {
                    self.window = window;
                    self.steps_in_window = 0;
                }
                steps - self.steps_in_window
            }
        }
    }

    /// Steps that may precede this input, if their work is old enough.
    #[inline]
    pub(crate) fn steps_before(discipline: &Discipline, input: &Sequenced) -> u32 {
        match *discipline {
            Discipline::Fifo { steps_max } if !matches!(input.input, Input::Step) => steps_max,
            _ => 0,
        }
    }

    /// Notes a step that was taken.
    #[inline]
    pub(crate) fn took_step(&mut self, discipline: &Discipline) {
        if let Discipline::RateLimited { .. } = discipline {
            self.steps_in_window += 1;
        }
    }

    /// The earliest time at which a `Step` may take a step, from `now_ns` on.
    pub(crate) fn next_ns(&self, discipline: &Discipline, now_ns: u64) -> u64 {
        match *discipline {
            Discipline::RateLimited { steps, interval_ns }
                if self.window == now_ns / interval_ns && self.steps_in_window >= steps =>
            {
                (self.window + 1) * interval_ns
            }
            _ => now_ns,
        }
    }
}

impl Canonical for Pace {
    fn put(&self, out: &mut Encoder<'_>) {
        let Self { client_inputs, window, steps_in_window } = self;
        put!(out; client_inputs, window, steps_in_window);
    }

    fn get(input: &mut Decoder<'_>) -> Result<Self, StateError> {
        let (client_inputs, window) = (input.get()?, input.get()?);
        Ok(Self { client_inputs, window, steps_in_window: input.get()? })
    }
}

impl Pace {
    /// Whether the discipline could have left this memory by `time_ns`.
    pub(crate) const fn suits(&self, discipline: &Discipline, time_ns: u64) -> bool {
        let Self { client_inputs, window, steps_in_window } = *self;
        match *discipline {
            Discipline::Strict { .. } | Discipline::Fifo { .. } => {
                client_inputs == 0 && window == 0 && steps_in_window == 0
            }
            Discipline::Weighted { client, .. } => {
                client_inputs < client && window == 0 && steps_in_window == 0
            }
            Discipline::RateLimited { steps, interval_ns } => {
                client_inputs == 0 && window <= time_ns / interval_ns && steps_in_window <= steps
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_that_a_discipline_cannot_have_left_is_refused() {
        let strict = Discipline::Strict { steps_max: 3 };
        let fifo = Discipline::Fifo { steps_max: 3 };
        let weighted = Discipline::Weighted { forced: 1, client: 3 };
        let limited = Discipline::RateLimited { steps: 3, interval_ns: 10 };
        let suits = |discipline: &Discipline, client_inputs, window, steps_in_window| {
            Pace { client_inputs, window, steps_in_window }.suits(discipline, 49)
        };
        for discipline in [&strict, &fifo, &weighted, &limited] {
            assert!(suits(discipline, 0, 0, 0));
        }
        for discipline in [&strict, &fifo] {
            assert!(!suits(discipline, 1, 0, 0));
            assert!(!suits(discipline, 0, 1, 0));
            assert!(!suits(discipline, 0, 0, 1));
        }
        assert!(suits(&weighted, 2, 0, 0) && !suits(&weighted, 3, 0, 0));
        assert!(!suits(&weighted, 2, 1, 0) && !suits(&weighted, 2, 0, 1));
        assert!(suits(&limited, 0, 4, 3));
        assert!(
            !suits(&limited, 1, 4, 3) && !suits(&limited, 0, 5, 3) && !suits(&limited, 0, 4, 4)
        );
    }

    #[test]
    fn a_step_waits_for_the_next_window_once_this_one_is_used_up() {
        let limited = Discipline::RateLimited { steps: 3, interval_ns: 10 };
        let next = |window, steps_in_window, now_ns| {
            Pace { client_inputs: 0, window, steps_in_window }.next_ns(&limited, now_ns)
        };
        assert_eq!(next(4, 2, 45), 45);
        assert_eq!(next(4, 3, 45), 50);
        assert_eq!(next(3, 3, 45), 45);
        assert_eq!(Pace::default().next_ns(&Discipline::Strict { steps_max: 1 }, 45), 45);
    }
}
