//! `disruptor`: the LMAX pattern in Rust, used one to one through its event poller.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use disruptor::{
    BusySpin, EventPoller, Producer, SingleConsumerBarrier, SingleProducer, SingleProducerBarrier,
    build_single_producer,
};
use seawall_engine::ring::{Full, RingReceiver, RingSender, Transport};

use super::Line;

/// The ring of the `disruptor` crate.
#[derive(Clone, Copy, Debug)]
pub struct DisruptorRing;

/// Its slots are made before there are messages.
type Slot<T> = Line<Option<T>>;

#[derive(Debug, Default)]
struct Ends {
    sender_gone: AtomicBool,
    receiver_gone: AtomicBool,
}

impl Transport for DisruptorRing {
    const NAME: &'static str = "disruptor";
    type Sender<T: Copy + Send + Sync + 'static> = DisruptorSender<T>;
    type Receiver<T: Copy + Send + Sync + 'static> = DisruptorReceiver<T>;

    fn channel<T: Copy + Send + Sync + 'static>(
        capacity: usize,
    ) -> (DisruptorSender<T>, DisruptorReceiver<T>) {
        // The wait strategy is that of threads it would start itself; there are none.
        let empty = || Line(None);
        let (poller, builder) =
            build_single_producer(capacity.next_power_of_two(), empty, BusySpin).new_event_poller();
        let ends = Arc::new(Ends::default());
        let sender = DisruptorSender { producer: builder.build(), ends: Arc::clone(&ends) };
        (sender, DisruptorReceiver { poller, ends })
    }
}

/// The sending end of a [`DisruptorRing`].
pub struct DisruptorSender<T: Copy + Send + Sync + 'static> {
    producer: SingleProducer<Slot<T>, SingleConsumerBarrier>,
    ends: Arc<Ends>,
}

impl<T: Copy + Send + Sync + 'static> fmt::Debug for DisruptorSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisruptorSender").field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl<T: Copy + Send + Sync + 'static> RingSender<T> for DisruptorSender<T> {
    #[inline]
    fn push(&mut self, message: T) -> Result<(), Full<T>> {
        let published = self.producer.try_publish(|slot| slot.0 = Some(message));
        published.map(|_| ()).map_err(|_| Full(message))
    }

    #[inline]
    fn push_batch(&mut self, messages: &[T]) -> usize {
        let mut count = messages.len();
        // It takes a batch whole or says how many slots are missing.
        while count > 0 {
            let batch = &messages[..count];
            let published = self.producer.try_batch_publish(count, |slots| {
                for (slot, message) in slots.zip(batch) {
                    slot.0 = Some(*message);
                }
            });
            match published {
                Ok(_) => break,
                Err(disruptor::MissingFreeSlots(missing)) => {
                    count -= usize::try_from(missing).unwrap_or(count).clamp(1, count);
                }
            }
        }
        count
    }

    fn is_abandoned(&self) -> bool {
        self.ends.receiver_gone.load(Ordering::Acquire)
    }
}

impl<T: Copy + Send + Sync + 'static> Drop for DisruptorSender<T> {
    fn drop(&mut self) {
        self.ends.sender_gone.store(true, Ordering::Release);
    }
}

/// The receiving end of a [`DisruptorRing`].
pub struct DisruptorReceiver<T: Copy + Send + Sync + 'static> {
    poller: EventPoller<Slot<T>, SingleProducerBarrier>,
    ends: Arc<Ends>,
}

impl<T: Copy + Send + Sync + 'static> fmt::Debug for DisruptorReceiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisruptorReceiver").field("ends", &self.ends).finish_non_exhaustive()
    }
}

impl<T: Copy + Send + Sync + 'static> RingReceiver<T> for DisruptorReceiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        let mut popped = None;
        self.drain(1, |message| popped = Some(message));
        popped
    }

    #[inline]
    fn drain(&mut self, max: usize, mut each: impl FnMut(T)) -> usize {
        let Ok(mut guard) = self.poller.take(max as u64) else { return 0 };
        let messages = (&mut guard).filter_map(|slot| slot.0);
        messages.map(&mut each).count()
    }

    fn is_finished(&self) -> bool {
        self.ends.sender_gone.load(Ordering::Acquire) && !self.poller.has_available()
    }
}

impl<T: Copy + Send + Sync + 'static> Drop for DisruptorReceiver<T> {
    fn drop(&mut self) {
        self.ends.receiver_gone.store(true, Ordering::Release);
    }
}
