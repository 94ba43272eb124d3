//! Tickets: showtimes, their prices, and the seats of a showtime.

mod aisles;
mod allowance;
mod area;
mod id;
mod refund_terms;
mod row;
mod seat;
mod seat_map;
mod show;
mod showtime;
mod store;

pub use aisles::Aisles;
pub use allowance::{Allowance, AllowanceChange, AllowedHold, HoldLimits, NotAllowed};
pub use area::{Area, AreaPlace};
pub use id::{PerformanceId, PlanId, ShowtimeId, TicketId, TransferOfferId, VenueId};
pub use refund_terms::{FeeStep, InvalidRefundTerms, RefundTerms, ReturnTime, fee_of_steps};
pub use row::{RowKey, SeatRow, Taken};
pub use seat::{InvalidSeatId, SeatId, SeatState};
pub use seat_map::{SeatMap, ZoneCount};
pub use show::{Show, ShowKind, ShowList};
pub use showtime::{
    ClassCode, IllegalMove, InvalidCode, PriceClass, Seating, Showtime, ShowtimeStatus, ZoneCode, ZoneSeats,
};
pub use store::{
    Change, END_OFFER, LoadedSeats, OrderSeats, ReceivedTickets, SeatStore, ShowPage, ShowPosition, ShowReader,
    SoldSeatStore, SoldSeats,
};
