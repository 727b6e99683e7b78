//! `rtrb`: one to one, cached indices.

use rtrb::{Consumer, Producer, RingBuffer};
use seawall_engine::ring::{Full, RingReceiver, RingSender, Transport};

use super::Line;

/// The ring of the `rtrb` crate.
#[derive(Clone, Copy, Debug)]
pub struct RtrbRing;

impl Transport for RtrbRing {
    const NAME: &'static str = "rtrb";
    type Sender<T: Copy + Send + Sync + 'static> = RtrbSender<T>;
    type Receiver<T: Copy + Send + Sync + 'static> = RtrbReceiver<T>;

    fn channel<T: Copy + Send + Sync + 'static>(
        capacity: usize,
    ) -> (RtrbSender<T>, RtrbReceiver<T>) {
        let (producer, consumer) = RingBuffer::new(capacity.next_power_of_two());
        (RtrbSender(producer), RtrbReceiver(consumer))
    }
}

/// The sending end of a [`RtrbRing`].
#[derive(Debug)]
pub struct RtrbSender<T>(Producer<Line<T>>);

impl<T: Copy + Send> RingSender<T> for RtrbSender<T> {
    #[inline]
    fn push(&mut self, message: T) -> Result<(), Full<T>> {
        self.0.push(Line(message)).map_err(|rtrb::PushError::Full(Line(message))| Full(message))
    }

    #[inline]
    fn push_batch(&mut self, messages: &[T]) -> usize {
        // Looks at the other index only if the room it knows of does not do.
        let mut count = messages.len();
        if self.0.cached_slots() < count {
            count = self.0.slots().min(count);
        }
        let Ok(chunk) = self.0.write_chunk_uninit(count) else { return 0 };
        chunk.fill_from_iter(messages.iter().map(|message| Line(*message)))
    }

    fn is_abandoned(&self) -> bool {
        self.0.is_abandoned()
    }
}

/// The receiving end of a [`RtrbRing`].
#[derive(Debug)]
pub struct RtrbReceiver<T>(Consumer<Line<T>>);

impl<T: Copy + Send> RingReceiver<T> for RtrbReceiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.0.pop().ok().map(|Line(message)| message)
    }

    #[inline]
    fn drain(&mut self, max: usize, mut each: impl FnMut(T)) -> usize {
        // As above: the other index is read only if what it knows of does not do.
        let mut count = self.0.cached_slots().min(max);
        if count < max {
            count = self.0.slots().min(max);
        }
        let Ok(chunk) = self.0.read_chunk(count) else { return 0 };
        let (first, second) = chunk.as_slices();
        first.iter().chain(second).for_each(|Line(message)| each(*message));
        chunk.commit_all();
        count
    }

    fn is_finished(&self) -> bool {
        self.0.is_abandoned() && self.0.is_empty()
    }
}
