//! What a run sends, and to which flow and phase each message counts.

use seawall_engine::types::{Input, NewOrder, Sequenced};
use thiserror::Error;

use crate::scenario::Flow;

/// Most phases of a plan.
pub const PHASES_MAX: usize = 16;
/// Flows, in the order of their cells.
pub(super) const FLOWS: [Flow; 3] = [Flow::Maker, Flow::Taker, Flow::Forced];

const UNMEASURED: u8 = u8::MAX;
const _: () = assert!(FLOWS.len() * PHASES_MAX < UNMEASURED as usize);

/// Where a phase starts, in recorded time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhaseStart {
    /// Its name.
    pub name: String,
    /// Recorded time from which inputs belong to it.
    pub first_time_ns: u64,
}

/// Why inputs make no plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum PlanError {
    /// There is nothing to measure.
    #[error("the stream holds no order, expected at least one")]
    NoOrder,
    /// Too many phases, or they are out of order.
    #[error("{0} phases, expected at most {PHASES_MAX} by rising start")]
    Phases(usize),
}

/// Inputs, what they are, and how far the untimed setup goes.
#[derive(Debug)]
pub struct Plan<'a> {
    inputs: &'a [Sequenced],
    /// By input: flow and phase, or [`UNMEASURED`].
    cells: Vec<u8>,
    phase_names: Vec<String>,
    /// By phase: its first input.
    phase_first: Vec<usize>,
    setup: usize,
}

impl<'a> Plan<'a> {
    /// A plan for `inputs`. Everything before the first order is setup: sent before the clock
    /// starts. Without `phases` there is one, `all`.
    pub fn new(
        inputs: &'a [Sequenced],
        flow: impl Fn(&Input) -> Flow,
        phases: &[PhaseStart],
    ) -> Result<Self, PlanError> {
        let rising = phases.is_sorted_by_key(|phase| phase.first_time_ns);
        if phases.len() > PHASES_MAX || !rising {
            return Err(PlanError::Phases(phases.len()));
        }
        let is_order = |message: &Sequenced| matches!(message.input, Input::Order(_));
        let setup = inputs.iter().position(is_order).ok_or(PlanError::NoOrder)?;
        let (mut phase_names, mut phase_first) = (vec!["all".to_owned()], vec![0]);
        if !phases.is_empty() {
            let first = |start_ns| inputs.partition_point(|message| message.time_ns < start_ns);
            phase_names = phases.iter().map(|phase| phase.name.clone()).collect();
            phase_first = phases.iter().map(|phase| first(phase.first_time_ns)).collect();
            // What lies before the first phase belongs to it.
            phase_first[0] = 0;
        }
        let mut plan = Self { inputs, cells: Vec::new(), phase_names, phase_first, setup };
        plan.cells = inputs.iter().enumerate().map(|(n, m)| plan.cell_of(n, m, &flow)).collect();
        Ok(plan)
    }

    /// The same with everything before a recorded time as setup.
    #[must_use]
    pub fn timed_from(mut self, time_ns: u64) -> Self {
        let setup = self.inputs.partition_point(|message| message.time_ns < time_ns);
        let setup = setup.max(self.setup);
        self.cells[..setup].fill(UNMEASURED);
        self.setup = setup;
        self
    }

    /// The inputs.
    pub const fn inputs(&self) -> &'a [Sequenced] {
        self.inputs
    }

    /// How many inputs are sent before the clock starts.
    pub const fn setup(&self) -> usize {
        self.setup
    }

    /// One more than the highest account that sends orders: room for what is kept by account.
    pub(super) fn accounts(&self) -> usize {
        let account = |message: &Sequenced| match message.input {
            Input::Order(NewOrder { account, .. })
            | Input::Deposit { account, .. }
            | Input::Block { buyer: account, .. } => account.index() + 1,
            _ => 0,
        };
        self.inputs.iter().map(account).max().unwrap_or(0)
    }

    /// Names of the phases.
    pub fn phases(&self) -> &[String] {
        &self.phase_names
    }

    /// How many of the inputs are answered, which is all but steps.
    pub fn commands(&self) -> u64 {
        self.inputs.iter().filter(|message| !matches!(message.input, Input::Step)).count() as u64
    }

    /// Cells that a recorder needs: flow by phase.
    pub(super) fn cells(&self) -> usize {
        FLOWS.len() * self.phase_names.len()
    }

    /// The cell that the answer to input `n` counts in, if it is measured.
    #[inline]
    pub(super) fn cell(&self, n: usize) -> Option<usize> {
        let cell = self.cells[n];
        (cell != UNMEASURED).then_some(usize::from(cell))
    }

    /// Whether input `n` is a measured order of a taker that may not rest.
    #[inline]
    pub(super) fn takes(&self, n: usize) -> bool {
        matches!(self.inputs[n].input, Input::Order(new) if !new.kind.may_rest())
            && self.cell(n).is_some_and(|cell| cell / self.phase_names.len() == 1)
    }

    /// Lots of all orders for which [`Self::takes`] holds, up to input `end`.
    pub(super) fn taking_lots(&self, end: usize) -> u64 {
        let lots = |n: usize| match self.inputs[n].input {
            Input::Order(new) if self.takes(n) => u64::from(new.qty.lots()),
            _ => 0,
        };
        (0..end).map(lots).sum()
    }

    /// The cell of forced orders that input `n` triggered, if that is measured.
    pub(super) fn forced_cell(&self, n: usize) -> Option<usize> {
        (n >= self.setup).then(|| 2 * self.phase_names.len() + self.phase_of(n))
    }

    fn phase_of(&self, n: usize) -> usize {
        self.phase_first.iter().rposition(|&first| n >= first).unwrap_or(0)
    }

    fn cell_of(&self, n: usize, message: &Sequenced, flow: &impl Fn(&Input) -> Flow) -> u8 {
        let measured = matches!(message.input, Input::Order(_) | Input::Replace { .. });
        if n < self.setup || !measured {
            return UNMEASURED;
        }
        let flow = match flow(&message.input) {
            Flow::Maker => 0,
            Flow::Taker => 1,
            Flow::Forced => return UNMEASURED,
        };
        let cell = flow * self.phase_names.len() + self.phase_of(n);
        u8::try_from(cell).expect("bounded by the constant above")
    }
}

/// Which of `gateways` an input comes through, from 1, or 0 for the control lane: an account's
/// commands keep their order, control is the venue's own. A single gateway takes everything, in the
/// recorded order.
#[inline]
pub(super) const fn lane(input: &Input, gateways: usize) -> usize {
    match input {
        _ if gateways <= 1 => 0,
        Input::Order(NewOrder { account, .. })
        | Input::Cancel { account, .. }
        | Input::Replace { account, .. } => 1 + account.0 as usize % gateways,
        _ => 0,
    }
}

/// Whether an input is the venue's own or an administrator's: such a one is never refused at the
/// ring, it waits for room, and what comes after it waits too.
#[inline]
pub(super) const fn is_control(input: &Input) -> bool {
    !matches!(input, Input::Order(_) | Input::Cancel { .. } | Input::Replace { .. })
}
