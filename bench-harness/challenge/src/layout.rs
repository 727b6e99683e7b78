//! The challenge's structures as its header lays them out: little-endian, natural alignment.

use std::ffi::c_void;
use std::mem::offset_of;

use seawall::challenge::Report;
use seawall_engine::types::Side;

/// A new order.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct NewOrder {
    /// Id.
    pub order_id: u64,
    /// Place in the stream.
    pub sequence_number: u64,
    /// Limit, in ticks.
    pub price_ticks: i64,
    /// Quantity.
    pub quantity: u32,
    /// 0 buy, 1 sell.
    pub side: u8,
    /// 1 if immediate-or-cancel.
    pub ioc: u8,
    /// Padding.
    pub reserved: [u8; 2],
}

/// A cancel.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Cancel {
    /// Id.
    pub order_id: u64,
    /// Place in the stream.
    pub sequence_number: u64,
}

/// A modify.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Modify {
    /// Id.
    pub order_id: u64,
    /// Place in the stream.
    pub sequence_number: u64,
    /// New limit, in ticks.
    pub new_price_ticks: i64,
    /// New quantity.
    pub new_quantity: u32,
    /// 0 buy, 1 sell; the book's own side counts.
    pub side: u8,
    /// Padding.
    pub reserved: [u8; 3],
}

/// Puts one report into a queue; 1, or 0 if it is full.
pub(crate) type Push = unsafe extern "C" fn(*mut c_void, *const Report) -> i32;

/// The queue that reports go into, as functions.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct Transport {
    /// Makes a queue.
    pub create: Option<unsafe extern "C" fn(u32) -> *mut c_void>,
    /// Puts one report in; 1, or 0 if it is full.
    pub push: Push,
    /// Takes reports out.
    pub drain: Option<unsafe extern "C" fn(*mut c_void, *mut Report, u32) -> u32>,
    /// Publishes what is buffered.
    pub flush: Option<unsafe extern "C" fn(*mut c_void)>,
    /// Destroys a queue.
    pub destroy: Option<unsafe extern "C" fn(*mut c_void)>,
}

const _: () = assert!(size_of::<NewOrder>() == 32 && offset_of!(NewOrder, side) == 28);
const _: () = assert!(offset_of!(NewOrder, price_ticks) == 16 && offset_of!(NewOrder, ioc) == 29);
const _: () = assert!(size_of::<Cancel>() == 16);
const _: () = assert!(size_of::<Modify>() == 32 && offset_of!(Modify, new_quantity) == 24);
const _: () = assert!(size_of::<Transport>() == 40 && offset_of!(Transport, push) == 8);

/// The side of its number.
#[inline]
pub(crate) const fn side(number: u8) -> Side {
    match number {
        0 => Side::Buy,
        _ => Side::Sell,
    }
}
