//! All functions, each wired as its `main` wires it, to the network instead of AWS.

use std::sync::Arc;

use events::relay_events::{BatchResponse, RelayEvents, Undelivered};
use function_tests::album::{UPLOADS, VARIANTS};
use function_tests::desk::policy;
use futures::future::LocalBoxFuture;
use harness::engine::{AUCTIONS, CATALOG, IMAGES, ORDERS, PAYMENTS, SUBSCRIPTIONS};
use jiff::SignedDuration;
use lambda_http::{Body, Request, Response};
use photo::Options;
use serde_json::Value;
use shared::Error;
use shared::biller::{Biller, Books, Commands, Keys};
use shared::cashier::Cashier;
use shared::edge::batch::{Batch, BatchResponse as QueueResponse};
use shared::edge::bus::Bus;
use shared::edge::invocation::Invocation;
use shared::edge::queue::Queue;
use shared::edge::s3;
use shared::edge::seal::Seal;
use shared::gallery::Gallery;
use shared::market::Market;
use shared::provider::{Endpoints, Providers, Vault};
use shared::store::{
    self, Auctions, Catalog, Images, Invoicing, Orders, Payments, Reservations, Settlements, Subscriptions,
};

use crate::net::Net;
use crate::services::{Providers as Transport, aws_config};

/// What functions are made of: clients, stores, providers.
#[derive(Debug)]
pub struct Stack {
    catalog: Catalog,
    images: Images,
    gallery: Gallery,
    orders: Orders,
    payments: Payments,
    auctions: Auctions,
    reservations: Reservations,
    settlements: Settlements,
    cashier: Cashier,
    subscriptions: Subscriptions,
    biller: Biller,
    commands: Commands,
    relay: RelayEvents,
    reservation: SignedDuration,
}

impl Stack {
    /// The functions behind `net`; orders hold their stock for `reservation`.
    pub fn new(net: &Net, providers: &str, reservation: SignedDuration) -> Self {
        let aws = aws_config(net);
        let client = store::client(&aws);
        let catalog = Catalog::new(client.clone(), CATALOG.into());
        let orders = Orders::new(client.clone(), ORDERS.into());
        let payments = Payments::new(client.clone(), PAYMENTS.into());
        let settlements = Settlements::new(client.clone(), orders.clone(), payments.clone());
        let endpoints = Endpoints {
            toss: format!("{providers}/toss"),
            stripe: format!("{providers}/stripe"),
            kakaopay: format!("{providers}/kakaopay"),
        };
        let vault = Vault::new(&aws, "payment-credentials".to_owned());
        let providers = Providers::over(Arc::new(Transport(net.clone())), &endpoints, vault);
        let subscriptions = Subscriptions::new(client.clone(), SUBSCRIPTIONS.into());
        let queue = aws_sdk_sqs::Client::new(&aws);
        Self {
            auctions: Auctions::new(client.clone(), AUCTIONS.into()),
            images: Images::new(client.clone(), IMAGES.into()),
            gallery: Gallery {
                s3: s3::client(&aws),
                uploads: UPLOADS.to_owned(),
                variants: VARIANTS.to_owned(),
            },
            reservations: Reservations::new(client.clone(), catalog.clone(), orders.clone()),
            cashier: Cashier {
                settlements: settlements.clone(),
                providers: providers.clone(),
            },
            biller: Biller {
                books: Books {
                    invoicing: Invoicing::new(client, catalog.clone(), subscriptions.clone(), settlements.clone()),
                    policy: policy(),
                },
                keys: Keys {
                    providers,
                    seal: Seal::new(&aws, "alias/billing".to_owned(), "subscription"),
                },
            },
            commands: Commands::new(Queue::new(&aws, "https://queue.test/1/charges".to_owned())),
            relay: RelayEvents {
                bus: Bus::new(&aws, "madang".to_owned()),
                undelivered: Undelivered::new(queue, "https://queue.test/1/undelivered".to_owned()),
            },
            catalog,
            orders,
            payments,
            settlements,
            subscriptions,
            reservation,
        }
    }

    /// A function of the API.
    ///
    /// # Panics
    /// For one that is not there.
    pub fn http<'a>(
        &'a self,
        name: &str,
        request: Request,
        invocation: Invocation,
    ) -> LocalBoxFuture<'a, Result<Response<Body>, Error>> {
        /// Wires a function and hands it the request, in a future that owns it.
        macro_rules! handle {
            ($function:expr, $($module:ident)::+) => {{
                let function = $function;
                Box::pin(async move { $($module)::+::handle(&function, request, invocation).await })
            }};
        }
        let (catalog, orders, payments) = (self.catalog.clone(), self.orders.clone(), self.payments.clone());
        let auctions = self.auctions.clone();
        let cashier = self.cashier.clone();
        let subscriptions = self.subscriptions.clone();
        let (keys, commands) = (self.biller.keys.clone(), self.commands.clone());
        let policy = policy();
        let market = Market {
            auctions: auctions.clone(),
        };
        match name {
            "put-product" => {
                let images = self.images.clone();
                handle!(
                    catalog::put_product::PutProduct { catalog, images },
                    catalog::put_product
                )
            }
            "presign-upload" => {
                let images = self.images.clone();
                let Gallery { s3, uploads, .. } = self.gallery.clone();
                handle!(
                    images::presign_upload::PresignUpload { images, s3, uploads },
                    images::presign_upload
                )
            }
            "get-image" => {
                let images = self.images.clone();
                let url = "https://images.example.com".to_owned();
                handle!(images::get_image::GetImage { images, url }, images::get_image)
            }
            "delete-image" => {
                let images = self.images.clone();
                handle!(images::delete_image::DeleteImage { images }, images::delete_image)
            }
            "get-product" => handle!(catalog::get_product::GetProduct { catalog }, catalog::get_product),
            "receive-stock" => handle!(catalog::receive_stock::ReceiveStock { catalog }, catalog::receive_stock),
            "checkout" => handle!(
                orders::checkout::Checkout {
                    reservations: self.reservations.clone(),
                    reservation: self.reservation,
                },
                orders::checkout
            ),
            "get-order" => handle!(orders::get_order::GetOrder { orders }, orders::get_order),
            "list-orders" => handle!(orders::list_orders::ListOrders { orders }, orders::list_orders),
            "cancel-order" => handle!(
                orders::cancel_order::CancelOrder {
                    settlements: self.settlements.clone(),
                    reservations: self.reservations.clone(),
                    auctions,
                },
                orders::cancel_order
            ),
            "start-payment" => handle!(
                payments::start_payment::StartPayment { cashier },
                payments::start_payment
            ),
            "confirm-payment" => handle!(
                payments::confirm_payment::ConfirmPayment { cashier },
                payments::confirm_payment
            ),
            "get-payment" => handle!(payments::get_payment::GetPayment { payments }, payments::get_payment),
            "payment-webhook" => handle!(
                payments::payment_webhook::PaymentWebhook { cashier, subscriptions },
                payments::payment_webhook
            ),
            "request-refund" => handle!(
                payments::request_refund::RequestRefund { payments },
                payments::request_refund
            ),
            "resolve-charge" => handle!(
                billing::resolve_charge::ResolveCharge {
                    books: self.biller.books.clone(),
                },
                billing::resolve_charge
            ),
            "resolve-review" => handle!(
                payments::resolve_review::ResolveReview { cashier },
                payments::resolve_review
            ),
            "register-voucher" => handle!(
                auctions::register_voucher::RegisterVoucher { auctions, catalog },
                auctions::register_voucher
            ),
            "list-vouchers" => handle!(
                auctions::list_vouchers::ListVouchers { auctions },
                auctions::list_vouchers
            ),
            "place-bid" => handle!(auctions::place_bid::PlaceBid { market, catalog }, auctions::place_bid),
            "take-bid" => handle!(auctions::take_bid::TakeBid { market }, auctions::take_bid),
            "get-order-book" => handle!(
                auctions::get_order_book::GetOrderBook { auctions },
                auctions::get_order_book
            ),
            "list-my-bids" => handle!(auctions::list_my_bids::ListMyBids { auctions }, auctions::list_my_bids),
            "cancel-bid" => handle!(auctions::cancel_bid::CancelBid { market }, auctions::cancel_bid),
            "get-wallet" => handle!(auctions::get_wallet::GetWallet { auctions }, auctions::get_wallet),
            "subscribe" => handle!(
                billing::subscribe::Subscribe {
                    subscriptions,
                    catalog,
                    keys,
                    policy,
                    commands,
                },
                billing::subscribe
            ),
            "get-subscription" => handle!(
                billing::get_subscription::GetSubscription { subscriptions },
                billing::get_subscription
            ),
            "list-subscriptions" => handle!(
                billing::list_subscriptions::ListSubscriptions { subscriptions },
                billing::list_subscriptions
            ),
            "change-subscription" => handle!(
                billing::change_subscription::ChangeSubscription {
                    subscriptions,
                    catalog,
                    keys,
                    policy,
                    commands,
                },
                billing::change_subscription
            ),
            "cancel-subscription" => handle!(
                billing::cancel_subscription::CancelSubscription { subscriptions, policy },
                billing::cancel_subscription
            ),
            other => panic!("the API has no function {other}"),
        }
    }

    /// A function that the schedule wakes.
    ///
    /// # Panics
    /// For one that is not there.
    pub fn scheduled<'a>(&'a self, name: &str, invocation: Invocation) -> LocalBoxFuture<'a, Result<(), Error>> {
        let reservations = self.reservations.clone();
        match name {
            "expire-orders" => {
                let orders = self.orders.clone();
                let function = orders::expire_orders::ExpireOrders { orders, reservations };
                Box::pin(async move { orders::expire_orders::handle(&function, invocation).await.map(drop) })
            }
            "reconcile-payments" => {
                let cashier = self.cashier.clone();
                let function = payments::reconcile_payments::ReconcilePayments { cashier, reservations };
                Box::pin(async move {
                    payments::reconcile_payments::handle(&function, invocation)
                        .await
                        .map(drop)
                })
            }
            "expire-bids" => {
                let market = Market {
                    auctions: self.auctions.clone(),
                };
                let function = auctions::expire_bids::ExpireBids { market };
                Box::pin(async move { auctions::expire_bids::handle(&function, invocation).await.map(drop) })
            }
            "enqueue-due-charges" => {
                let function = billing::enqueue_due_charges::EnqueueDueCharges {
                    subscriptions: self.subscriptions.clone(),
                    commands: self.commands.clone(),
                };
                Box::pin(async move {
                    billing::enqueue_due_charges::handle(&function, invocation)
                        .await
                        .map(drop)
                })
            }
            other => panic!("the schedule has no function {other}"),
        }
    }

    /// A function that an event of the bus or of S3 wakes.
    ///
    /// # Panics
    /// For one that is not there, and for an event that it does not know.
    pub fn woken<'a>(
        &'a self,
        name: &str,
        event: &Value,
        invocation: Invocation,
    ) -> LocalBoxFuture<'a, Result<(), Error>> {
        match name {
            "refund-payment" => {
                let function = payments::refund_payment::RefundPayment {
                    cashier: self.cashier.clone(),
                    reservations: self.reservations.clone(),
                };
                let delivery = delivered(event);
                Box::pin(async move { payments::refund_payment::handle(&function, delivery, invocation).await })
            }
            "credit-points" => {
                let function = auctions::credit_points::CreditPoints {
                    auctions: self.auctions.clone(),
                    orders: self.orders.clone(),
                };
                let delivery = delivered(event);
                Box::pin(async move { auctions::credit_points::handle(&function, delivery, invocation).await })
            }
            "purge-image" => {
                let function = images::purge_image::PurgeImage {
                    gallery: self.gallery.clone(),
                };
                let delivery = delivered(event);
                Box::pin(async move { images::purge_image::handle(&function, delivery, invocation).await })
            }
            "resize-image" => {
                let function = images::resize_image::ResizeImage {
                    images: self.images.clone(),
                    gallery: self.gallery.clone(),
                    options: Options {
                        widths: vec![8, 16],
                        threads: 1,
                        ..Options::default()
                    },
                };
                let delivery = delivered(event);
                Box::pin(async move { images::resize_image::handle(&function, delivery, invocation).await })
            }
            other => panic!("the bus wakes no function {other}"),
        }
    }

    /// `charge-subscription`, which its queue wakes.
    pub fn charge(&self, batch: Batch, invocation: Invocation) -> LocalBoxFuture<'_, Result<QueueResponse, Error>> {
        let function = billing::charge_subscription::ChargeSubscription {
            biller: self.biller.clone(),
        };
        Box::pin(async move { billing::charge_subscription::handle(&function, batch, invocation).await })
    }

    /// `relay-events`, which the tables' streams wake.
    pub fn relay<'a>(
        &'a self,
        batch: &Value,
        invocation: Invocation,
    ) -> LocalBoxFuture<'a, Result<BatchResponse, Error>> {
        let batch = delivered(batch);
        Box::pin(events::relay_events::handle(&self.relay, batch, invocation))
    }
}

fn delivered<T: serde::de::DeserializeOwned>(event: &Value) -> T {
    T::deserialize(event).expect("an event that its function knows")
}
