//! Waiting rooms: customers of a rush join once, and enter at their turn. Nothing is written while they wait.

pub mod calls;
pub mod create_waiting_room;
pub mod enter_waiting_room;
pub mod get_admin_waiting_room;
pub mod get_waiting_room;
pub mod get_waiting_room_page;
pub mod join_waiting_room;
pub mod line;
pub mod list_admin_waiting_rooms;
pub mod lottery;
pub mod numbers;
pub mod reason;
pub mod room;
pub mod rooms;
pub mod slow_waiting_rooms;
pub mod store;
pub mod turns;
pub mod update_waiting_room;

shared::actions! {
    http {
        "create-waiting-room" => create_waiting_room::CreateWaitingRoom,
        "enter-waiting-room" => enter_waiting_room::EnterWaitingRoom,
        "get-admin-waiting-room" => get_admin_waiting_room::GetAdminWaitingRoom,
        "get-waiting-room" => get_waiting_room::GetWaitingRoom,
        "get-waiting-room-page" => get_waiting_room_page::GetWaitingRoomPage,
        "join-waiting-room" => join_waiting_room::JoinWaitingRoom,
        "list-admin-waiting-rooms" => list_admin_waiting_rooms::ListAdminWaitingRooms,
        "update-waiting-room" => update_waiting_room::UpdateWaitingRoom,
    }
    event {
        "slow-waiting-rooms" => slow_waiting_rooms::SlowWaitingRooms,
    }
}
