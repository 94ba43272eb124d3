//! All functions, each wired as its `main` wires it, to the network instead of AWS.

use std::sync::Arc;

use function_tests::album::{UPLOADS, VARIANTS};
use function_tests::desk::policy;
use futures::future::LocalBoxFuture;
use harness::engine::{AUCTIONS, CATALOG, IMAGES, ORDERS, PAYMENTS, SUBSCRIPTIONS};
use jiff::SignedDuration;
use lambda_http::{Body, Request, Response};
use relay_events::{BatchResponse, RelayEvents, Undelivered};
use resize_image::photo::Options;
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
            ($function:expr, $module:ident) => {{
                let function = $function;
                Box::pin(async move { $module::handle(&function, request, invocation).await })
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
                handle!(put_product::PutProduct { catalog, images }, put_product)
            }
            "presign-upload" => {
                let images = self.images.clone();
                let Gallery { s3, uploads, .. } = self.gallery.clone();
                handle!(presign_upload::PresignUpload { images, s3, uploads }, presign_upload)
            }
            "get-image" => {
                let images = self.images.clone();
                let url = "https://images.example.com".to_owned();
                handle!(get_image::GetImage { images, url }, get_image)
            }
            "delete-image" => {
                let images = self.images.clone();
                handle!(delete_image::DeleteImage { images }, delete_image)
            }
            "get-product" => handle!(get_product::GetProduct { catalog }, get_product),
            "receive-stock" => handle!(receive_stock::ReceiveStock { catalog }, receive_stock),
            "checkout" => handle!(
                checkout::Checkout {
                    reservations: self.reservations.clone(),
                    reservation: self.reservation,
                },
                checkout
            ),
            "get-order" => handle!(get_order::GetOrder { orders }, get_order),
            "list-orders" => handle!(list_orders::ListOrders { orders }, list_orders),
            "cancel-order" => handle!(
                cancel_order::CancelOrder {
                    settlements: self.settlements.clone(),
                    reservations: self.reservations.clone(),
                    auctions,
                },
                cancel_order
            ),
            "start-payment" => handle!(start_payment::StartPayment { cashier }, start_payment),
            "confirm-payment" => handle!(confirm_payment::ConfirmPayment { cashier }, confirm_payment),
            "get-payment" => handle!(get_payment::GetPayment { payments }, get_payment),
            "payment-webhook" => handle!(
                payment_webhook::PaymentWebhook { cashier, subscriptions },
                payment_webhook
            ),
            "request-refund" => handle!(request_refund::RequestRefund { payments }, request_refund),
            "resolve-charge" => handle!(
                resolve_charge::ResolveCharge {
                    books: self.biller.books.clone(),
                },
                resolve_charge
            ),
            "resolve-review" => handle!(resolve_review::ResolveReview { cashier }, resolve_review),
            "register-voucher" => handle!(
                register_voucher::RegisterVoucher { auctions, catalog },
                register_voucher
            ),
            "list-vouchers" => handle!(list_vouchers::ListVouchers { auctions }, list_vouchers),
            "place-bid" => handle!(place_bid::PlaceBid { market, catalog }, place_bid),
            "take-bid" => handle!(take_bid::TakeBid { market }, take_bid),
            "list-bids" => handle!(list_bids::ListBids { auctions }, list_bids),
            "my-bids" => handle!(my_bids::MyBids { auctions }, my_bids),
            "cancel-bid" => handle!(cancel_bid::CancelBid { market }, cancel_bid),
            "get-wallet" => handle!(get_wallet::GetWallet { auctions }, get_wallet),
            "subscribe" => handle!(
                subscribe::Subscribe {
                    subscriptions,
                    catalog,
                    keys,
                    policy,
                    commands,
                },
                subscribe
            ),
            "get-subscription" => handle!(get_subscription::GetSubscription { subscriptions }, get_subscription),
            "list-subscriptions" => handle!(
                list_subscriptions::ListSubscriptions { subscriptions },
                list_subscriptions
            ),
            "change-subscription" => handle!(
                change_subscription::ChangeSubscription {
                    subscriptions,
                    catalog,
                    keys,
                    policy,
                    commands,
                },
                change_subscription
            ),
            "cancel-subscription" => handle!(
                cancel_subscription::CancelSubscription { subscriptions, policy },
                cancel_subscription
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
                let function = expire_orders::ExpireOrders { orders, reservations };
                Box::pin(async move { expire_orders::handle(&function, invocation).await.map(drop) })
            }
            "reconcile-payments" => {
                let cashier = self.cashier.clone();
                let function = reconcile_payments::ReconcilePayments { cashier, reservations };
                Box::pin(async move { reconcile_payments::handle(&function, invocation).await.map(drop) })
            }
            "expire-bids" => {
                let market = Market {
                    auctions: self.auctions.clone(),
                };
                let function = expire_bids::ExpireBids { market };
                Box::pin(async move { expire_bids::handle(&function, invocation).await.map(drop) })
            }
            "bill-subscriptions" => {
                let function = bill_subscriptions::BillSubscriptions {
                    subscriptions: self.subscriptions.clone(),
                    commands: self.commands.clone(),
                };
                Box::pin(async move { bill_subscriptions::handle(&function, invocation).await.map(drop) })
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
                let function = refund_payment::RefundPayment {
                    cashier: self.cashier.clone(),
                    reservations: self.reservations.clone(),
                };
                let delivery = delivered(event);
                Box::pin(async move { refund_payment::handle(&function, delivery, invocation).await })
            }
            "credit-points" => {
                let function = credit_points::CreditPoints {
                    auctions: self.auctions.clone(),
                    orders: self.orders.clone(),
                };
                let delivery = delivered(event);
                Box::pin(async move { credit_points::handle(&function, delivery, invocation).await })
            }
            "purge-image" => {
                let function = purge_image::PurgeImage {
                    gallery: self.gallery.clone(),
                };
                let delivery = delivered(event);
                Box::pin(async move { purge_image::handle(&function, delivery, invocation).await })
            }
            "resize-image" => {
                let function = resize_image::ResizeImage {
                    images: self.images.clone(),
                    gallery: self.gallery.clone(),
                    options: Options {
                        widths: vec![8, 16],
                        threads: 1,
                        ..Options::default()
                    },
                };
                let delivery = delivered(event);
                Box::pin(async move { resize_image::handle(&function, delivery, invocation).await })
            }
            other => panic!("the bus wakes no function {other}"),
        }
    }

    /// `charge-subscription`, which its queue wakes.
    pub fn charge(&self, batch: Batch, invocation: Invocation) -> LocalBoxFuture<'_, Result<QueueResponse, Error>> {
        let function = charge_subscription::ChargeSubscription {
            biller: self.biller.clone(),
        };
        Box::pin(async move { charge_subscription::handle(&function, batch, invocation).await })
    }

    /// `relay-events`, which the tables' streams wake.
    pub fn relay<'a>(
        &'a self,
        batch: &Value,
        invocation: Invocation,
    ) -> LocalBoxFuture<'a, Result<BatchResponse, Error>> {
        let batch = delivered(batch);
        Box::pin(relay_events::handle(&self.relay, batch, invocation))
    }
}

fn delivered<T: serde::de::DeserializeOwned>(event: &Value) -> T {
    T::deserialize(event).expect("an event that its function knows")
}
