//! `ringbuf`: one to one, cached indices.

use ringbuf::traits::{Consumer, Observer, Producer, Split};
use ringbuf::{HeapCons, HeapProd, HeapRb};
use seawall_engine::ring::{Full, RingReceiver, RingSender, Transport};

use super::Line;

/// The ring of the `ringbuf` crate.
#[derive(Clone, Copy, Debug)]
pub struct RingbufRing;

impl Transport for RingbufRing {
    const NAME: &'static str = "ringbuf";
    type Sender<T: Copy + Send + Sync + 'static> = RingbufSender<T>;
    type Receiver<T: Copy + Send + Sync + 'static> = RingbufReceiver<T>;

    fn channel<T: Copy + Send + Sync + 'static>(
        capacity: usize,
    ) -> (RingbufSender<T>, RingbufReceiver<T>) {
        let (producer, consumer) = HeapRb::new(capacity.next_power_of_two()).split();
        (RingbufSender(producer), RingbufReceiver(consumer))
    }
}

/// The sending end of a [`RingbufRing`].
pub struct RingbufSender<T>(HeapProd<Line<T>>);

impl<T> std::fmt::Debug for RingbufSender<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RingbufSender")
    }
}

impl<T: Copy + Send> RingSender<T> for RingbufSender<T> {
    #[inline]
    fn push(&mut self, message: T) -> Result<(), Full<T>> {
        self.0.try_push(Line(message)).map_err(|Line(message)| Full(message))
    }

    #[inline]
    fn push_batch(&mut self, messages: &[T]) -> usize {
        self.0.push_iter(messages.iter().map(|message| Line(*message)))
    }

    fn is_abandoned(&self) -> bool {
        !self.0.read_is_held()
    }
}

/// The receiving end of a [`RingbufRing`].
pub struct RingbufReceiver<T>(HeapCons<Line<T>>);

impl<T> std::fmt::Debug for RingbufReceiver<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RingbufReceiver")
    }
}

impl<T: Copy + Send> RingReceiver<T> for RingbufReceiver<T> {
    #[inline]
    fn pop(&mut self) -> Option<T> {
        self.0.try_pop().map(|Line(message)| message)
    }

    #[inline]
    fn drain(&mut self, max: usize, mut each: impl FnMut(T)) -> usize {
        // Its popping iterator gives slots back one by one; slices and one skip do not.
        let (first, second) = self.0.as_slices();
        let ready = first.iter().chain(second).take(max);
        let count = ready.map(|Line(message)| each(*message)).count();
        self.0.skip(count)
    }

    fn is_finished(&self) -> bool {
        !self.0.write_is_held() && self.0.is_empty()
    }
}
