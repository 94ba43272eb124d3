//! Tickets: venues with their seating plans, performers, performances, showtimes and their seats.

pub mod admission;
pub mod best_seats;
pub mod block_seats;
pub mod cancel_showtime_orders;
pub mod candidates;
pub mod check_in_ticket;
pub mod count_remaining_seats;
pub mod create_performance;
pub mod create_performer;
pub mod create_plan;
pub mod create_showtime;
pub mod create_venue;
pub mod entities;
pub mod event;
pub mod fields;
pub mod get_admin_performance;
pub mod get_admin_performer;
pub mod get_admin_showtime;
pub mod get_admin_venue;
pub mod get_performance;
pub mod get_performer;
pub mod get_plan;
pub mod get_seat_map;
pub mod get_section_tile;
pub mod get_showtime;
pub mod get_ticket;
pub mod get_ticket_keys;
pub mod get_ticket_qr;
pub mod get_venue;
pub mod hold_id;
pub mod hold_rules;
pub mod hold_seats;
pub mod list_admin_performances;
pub mod list_admin_showtimes;
pub mod list_performances;
pub mod list_performers;
pub mod list_plans;
pub mod list_showtime_tickets;
pub mod list_showtimes;
pub mod list_tickets;
pub mod list_venues;
pub mod live_seats;
pub mod mark_seats_sold;
pub mod performance;
pub mod performer;
pub mod plan;
pub mod publish_showtime;
pub mod reason;
pub mod recent_shows;
pub mod references;
pub mod release_seats;
pub mod remaining_seats;
pub mod replace_ticket_code;
pub mod seat_changes;
pub mod showtimes;
pub mod single_seats;
pub mod store;
pub mod update_order_tickets;
pub mod update_performance;
pub mod update_performer;
pub mod update_showtime;
pub mod update_venue;
pub mod upload_scans;
pub mod venue;

shared::actions! {
    http {
        "block-seats" => block_seats::BlockSeats,
        "check-in-ticket" => check_in_ticket::CheckInTicket,
        "create-performance" => create_performance::CreatePerformance,
        "create-performer" => create_performer::CreatePerformer,
        "create-plan" => create_plan::CreatePlan,
        "create-showtime" => create_showtime::CreateShowtime,
        "create-venue" => create_venue::CreateVenue,
        "get-admin-performance" => get_admin_performance::GetAdminPerformance,
        "get-admin-performer" => get_admin_performer::GetAdminPerformer,
        "get-admin-showtime" => get_admin_showtime::GetAdminShowtime,
        "get-admin-venue" => get_admin_venue::GetAdminVenue,
        "get-performance" => get_performance::GetPerformance,
        "get-performer" => get_performer::GetPerformer,
        "get-plan" => get_plan::GetPlan,
        "get-seat-map" => get_seat_map::GetSeatMap,
        "get-section-tile" => get_section_tile::GetSectionTile,
        "get-showtime" => get_showtime::GetShowtime,
        "get-ticket" => get_ticket::GetTicket,
        "get-ticket-keys" => get_ticket_keys::GetTicketKeys,
        "get-ticket-qr" => get_ticket_qr::GetTicketQr,
        "get-venue" => get_venue::GetVenue,
        "hold-seats" => hold_seats::HoldSeats,
        "list-admin-performances" => list_admin_performances::ListAdminPerformances,
        "list-admin-showtimes" => list_admin_showtimes::ListAdminShowtimes,
        "list-performances" => list_performances::ListPerformances,
        "list-performers" => list_performers::ListPerformers,
        "list-plans" => list_plans::ListPlans,
        "list-showtime-tickets" => list_showtime_tickets::ListShowtimeTickets,
        "list-showtimes" => list_showtimes::ListShowtimes,
        "list-tickets" => list_tickets::ListTickets,
        "list-venues" => list_venues::ListVenues,
        "publish-showtime" => publish_showtime::PublishShowtime,
        "release-seats" => release_seats::ReleaseSeats,
        "replace-ticket-code" => replace_ticket_code::ReplaceTicketCode,
        "update-performance" => update_performance::UpdatePerformance,
        "update-performer" => update_performer::UpdatePerformer,
        "update-showtime" => update_showtime::UpdateShowtime,
        "update-venue" => update_venue::UpdateVenue,
        "upload-scans" => upload_scans::UploadScans,
    }
    event {
        "cancel-showtime-orders" => cancel_showtime_orders::CancelShowtimeOrders,
        "mark-seats-sold" => mark_seats_sold::MarkSeatsSold,
        "update-order-tickets" => update_order_tickets::UpdateOrderTickets,
    }
    stream {
        "count-remaining-seats" => count_remaining_seats::CountRemainingSeats,
    }
}
