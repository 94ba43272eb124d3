//! A shop whose customers give their contacts and addresses.

use std::ops::Deref;

use harness::FakeKms;
use harness::gateway::{Answer, Call};
use harness::platform::Services;
use serde_json::{Value, json};
use shared::aws::Platform;

use crate::{Shop, order_call};

/// A shop with KMS.
#[derive(Debug)]
pub struct DeliveryFixture {
    /// The shop.
    pub shop: Shop,
    /// KMS.
    pub kms: FakeKms,
}

impl Deref for DeliveryFixture {
    type Target = Shop;

    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl DeliveryFixture {
    /// Opens a shop with a listed product of 1,000 won in one shard, and `units` of it.
    pub async fn with(sku: &str, units: u64) -> Self {
        Self {
            shop: Shop::with(sku, 1, units).await,
            kms: FakeKms::default(),
        }
    }

    /// Returns the platform that its functions are built from.
    pub fn platform(&self) -> Platform {
        let services = Services {
            kms: Some(self.kms.clone()),
            ..Services::default()
        };
        self.shop.platform().with_aws(services.config())
    }

    /// Calls `checkout`.
    pub async fn checkout(&self, call: Call) -> Answer {
        let function = orders::checkout::Checkout::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::checkout::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `get-delivery-details`.
    pub async fn get_delivery_details(&self, call: Call) -> Answer {
        let function = orders::get_delivery_details::GetDeliveryDetails::new(&self.platform()).expect("its variables");
        call.send(self.invocation(), |request, invocation| {
            orders::get_delivery_details::handle(&function, request, invocation)
        })
        .await
    }

    /// Calls `erase-personal-data` as an administrator.
    pub async fn erase(&self, customer: &str) -> Answer {
        let call = Call::new("DELETE", "/admin/customers/{customer_id}/personal-data");
        let function = accounts::erase_personal_data::ErasePersonalData::new(&self.platform()).expect("its variables");
        call.path("customer_id", customer)
            .by_admin()
            .send(self.invocation(), |request, invocation| {
                accounts::erase_personal_data::handle(&function, request, invocation)
            })
            .await
    }

    /// Returns an order's delivery details as `customer` sees them.
    pub async fn details(&self, customer: &str, order_id: &str) -> Answer {
        self.get_delivery_details(details_call(order_id).by(customer)).await
    }
}

/// Builds a request for the delivery details of an order.
pub fn details_call(order_id: &str) -> Call {
    Call::new("GET", "/orders/{order_id}/delivery-details").path("order_id", order_id)
}

/// Builds a customer's checkout of one unit that is sent to `address`.
pub fn delivery_call(customer: &str, key: &str, sku: &str, address: &Value) -> Call {
    let items = json!([{ "sku": sku, "quantity": 1 }]);
    let body = json!({ "items": items, "contact": contact(), "shipping_address": address });
    order_call(customer, key, &[]).json(&body)
}

/// Returns a contact.
pub fn contact() -> Value {
    json!({ "name": "Kim Minji", "email": "minji@example.com", "phone": "+821012345678" })
}

/// Returns an address in Seoul.
pub fn address() -> Value {
    json!({
        "recipient": "Kim Minji",
        "line1": "110, Sejong-daero",
        "city": "Seoul",
        "postal_code": "04524",
        "country": "KR",
    })
}
