//! The engine's own ring as the way out for reports: the optional part of the interface, behind the
//! feature `transport`. Reports are kept until there are some to send together, and the last ones until
//! `flush`: the interface provides for transports that buffer.

use std::cell::UnsafeCell;
use std::ffi::c_void;

use seawall::challenge::{Report, ReportReceiver, ReportSender, ReportSink, report_ring};
use seawall_engine::ring::CAPACITY_MAX;

use crate::layout::Transport;
use crate::queue::Queue as Given;

/// Pauses of a drainer that found nothing.
const PAUSES: u32 = 20;

/// Both ends of a ring. Each is one thread's: the matcher's and the drainer's.
struct Wire {
    sender: UnsafeCell<ReportSender>,
    receiver: UnsafeCell<ReportReceiver>,
}

static TRANSPORT: Transport = Transport {
    create: Some(create),
    push,
    drain: Some(drain),
    flush: Some(flush),
    destroy: Some(destroy),
};

/// The transport that reports travel over.
#[unsafe(no_mangle)]
pub extern "C" fn engine_get_transport() -> *const Transport {
    &raw const TRANSPORT
}

/// A ring of at least `capacity` reports, all of it written once; nothing if that is no capacity.
unsafe extern "C" fn create(capacity: u32) -> *mut c_void {
    let capacity = capacity as usize;
    if !(1..=CAPACITY_MAX).contains(&capacity) {
        return std::ptr::null_mut();
    }
    let (sender, receiver) = report_ring(capacity);
    let wire = Wire { sender: UnsafeCell::new(sender), receiver: UnsafeCell::new(receiver) };
    Box::into_raw(Box::new(wire)).cast()
}

/// Sends one report; 1, or 0 if the ring is full.
unsafe extern "C" fn push(wire: *mut c_void, report: *const Report) -> i32 {
    // SAFETY: the harness hands over what `create` made.
    let wire = unsafe { &*wire.cast::<Wire>() };
    // SAFETY: it hands over a report.
    let report = unsafe { &*report };
    // SAFETY: the matcher's thread is the only one that pushes.
    let sender = unsafe { &mut *wire.sender.get() };
    i32::from(sender.send(report))
}

/// Takes up to `max` reports out, in order, and says how many.
unsafe extern "C" fn drain(wire: *mut c_void, reports: *mut Report, max: u32) -> u32 {
    // SAFETY: the harness hands over what `create` made.
    let wire = unsafe { &*wire.cast::<Wire>() };
    // SAFETY: the drainer's thread is the only one that drains.
    let receiver = unsafe { &mut *wire.receiver.get() };
    let mut next = reports;
    let taken = receiver.drain(max as usize, |report| {
        // SAFETY: the harness has room for `max` reports, and no more are handed out.
        unsafe { next.write(report) };
        next = next.wrapping_add(1);
    });
    if taken == 0 {
        // The matcher writes the line that was looked at: the less it is asked for, the better.
        (0..PAUSES).for_each(|_| std::hint::spin_loop());
    }
    u32::try_from(taken).expect("at most `max` are taken")
}

/// Publishes what is buffered.
unsafe extern "C" fn flush(wire: *mut c_void) {
    // SAFETY: the harness hands over what `create` made.
    let wire = unsafe { &*wire.cast::<Wire>() };
    // SAFETY: the matcher's thread is the only one that flushes.
    let sender = unsafe { &mut *wire.sender.get() };
    while !sender.flush() {
        std::hint::spin_loop();
    }
}

/// Frees what `create` made.
unsafe extern "C" fn destroy(wire: *mut c_void) {
    // SAFETY: the harness hands over what `create` made, once, after both threads are done with it.
    drop(unsafe { Box::from_raw(wire.cast::<Wire>()) });
}

/// Where the engine's reports go between `engine_init` and `engine_shutdown`.
#[derive(Debug)]
pub(crate) enum Queue {
    /// Into the ring of this module.
    Own(*mut ReportSender),
    /// Into a queue that the harness brought although it was offered one, as it does for an engine that
    /// only answers queries.
    Given(Given),
}

impl Queue {
    /// # Safety
    ///
    /// `sink` must be a handle of `transport`, and both must outlive the queue.
    pub(crate) unsafe fn new(transport: *const Transport, sink: *mut c_void) -> Self {
        if !std::ptr::eq(transport, &raw const TRANSPORT) {
            // SAFETY: promised by the caller.
            return Self::Given(unsafe { Given::new(transport, sink) });
        }
        // SAFETY: it is a handle of this module, as promised.
        let wire = unsafe { &*sink.cast::<Wire>() };
        Self::Own(wire.sender.get())
    }
}

impl ReportSink for Queue {
    #[inline]
    fn report(&mut self, report: &Report) {
        match self {
            Self::Own(sender) => {
                // SAFETY: the handle outlives the engine, and the matcher's thread alone sends.
                let sender = unsafe { &mut **sender };
                sender.report(report);
            }
            Self::Given(queue) => report_to(queue, report),
        }
    }
}

#[cold]
#[inline(never)]
fn report_to(queue: &mut Given, report: &Report) {
    queue.report(report);
}
