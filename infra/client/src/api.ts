// Written by `cargo contract` from the functions' Rust types. Change those, not this file.
import * as runtime from "./runtime.js";

/** The code of an offer. */
export interface AcceptTransferOfferRequest {
  /** The code that the holder was given. */
  code: string;
}

/** A ticket that the caller has accepted. */
export interface AcceptedTransfer {
  /** The offer. */
  transfer_offer_id: TransferOfferId;
  /** The ticket. `get-ticket` returns it with its code, as long as the caller holds it. */
  ticket_id: TicketId;
  /** The showtime. */
  showtime_id: ShowtimeId;
  /** The seat. */
  seat: SeatId;
  /** The time of the transfer. */
  transferred_at: string;
}

/** The actor of a change. */
export interface Actor {
  /** The kind. */
  kind: runtime.Open<ActorKind>;
  /**
   * The subject (`sub`) of a person's token, or the name of a provider or a function. Never a person's name or
   * address.
   */
  id: string;
}

/** The kind of an actor. */
export type ActorKind = "CUSTOMER" | "STAFF" | "PROVIDER" | "SCHEDULE" | "FUNCTION";

/** A postal address. Personal data: it is in no event, log or error. */
export interface Address {
  /** The recipient. Text of one line. */
  recipient: string;
  /** Street and number. Text of one line. */
  line1: string;
  /** Building, floor, apartment. Text of one line. */
  line2?: string;
  /** City or town. Text of one line. */
  city: string;
  /**
   * State, province or prefecture. Text of one line; a code of two or three letters in Australia, Canada and the United States, where it
   * is required.
   */
  region?: string;
  /** The postal code, in the format of the country. Required where the country has one. */
  postal_code?: string;
  /** The country. */
  country: Country;
  /** The telephone number for the carrier, in the international format (E.164). */
  phone?: string;
}

/** Send `shipping_address`. */
export type AddressMissingProblem = Problem & {
  type: "urn:madang:problem:address-missing";
  status: 422;
  title: "The order is shipped and has no address";
};

/** Join the waiting room, enter it at your turn, and send the token that it gives in the header `Waiting-Room-Token`. A token is for one account and one room, and ends at the `expires_at` that was told with it. */
export type AdmissionRequiredProblem = Problem & {
  /** The waiting room. */
  waiting_room_id: string;
  type: "urn:madang:problem:admission-required";
  status: 409;
  title: "A waiting room admits the customers";
};

/** A card issuer's advice on another attempt to charge the card. */
export type Advice = "CONFIRM_CARD_DATA" | "DO_NOT_TRY_AGAIN" | "TRY_AGAIN_LATER";

/** Nothing has changed. `check_in` tells when and where. */
export type AlreadyCheckedInProblem = Problem & {
  /** The check-in. */
  check_in: CheckIn;
  type: "urn:madang:problem:already-checked-in";
  status: 409;
  title: "The ticket is checked in already";
};

/** Unlist it instead. */
export type AlreadyPublishedProblem = Problem & {
  type: "urn:madang:problem:already-published";
  status: 409;
  title: "A product that was published cannot become a draft again";
};

/** Exactly one member names the expected amount. */
export type AmountDiffersProblem = Problem & {
  /** The order's total, which a payment must have. */
  total?: Money;
  /** The amount that the customer is owed. A return by hand must have it. */
  owed?: Money;
  /** The amount of the payment that the shop keeps. No more can have been taken back. */
  kept?: Money;
  /** The amount that was refunded or taken back of the payment. No less can have been charged. */
  returned?: Money;
  type: "urn:madang:problem:amount-differs";
  status: 409;
  title: "The amount differs from the expected one";
};

export type AmountNotTakenProblem = Problem & {
  type: "urn:madang:problem:amount-not-taken";
  status: 422;
  title: "The provider does not accept this amount";
};

/** An area of general admission, and where its rows are. */
export interface Area {
  /** The area's code. */
  area: ZoneCode;
  /** The name that customers see. */
  name: string;
  /** The zone of its places. */
  zone: ZoneCode;
  /** The number of its places. */
  places: number;
  /** Whether each place has a number. */
  numbered: boolean;
  /** The part of its first row. An area has parts of its own. */
  part: number;
}

/** The number of free places of an area. */
export interface AreaCount {
  /** The area. */
  area: ZoneCode;
  /** The number of its places. */
  places: number;
  /** The number of free places. */
  free: number;
}

/** The current state of an area of general admission. */
export interface AreaNow {
  /** The area. */
  area: ZoneCode;
  /** The number of its places. */
  places: number;
  /** The number of free places. */
  free: number;
  /** The number of blocked places. */
  blocked: number;
}

/** A place of an area of general admission. */
export interface AreaPlace {
  /** The area's code. */
  area: ZoneCode;
  /** The number of the place, from 1. Absent in an area whose places have no numbers. */
  number?: number;
}

/** Some places of an area of general admission. */
export interface AreaPlaces {
  /** The area. */
  area: ZoneCode;
  /** The number of places to block or release. */
  count: number;
}

/** The type of an attribute. */
export type AttributeType = "TEXT" | "NUMBER" | "BOOLEAN" | "ENUM";

/** A customer's authorization of recurring charges, from the provider's script or page. */
export type Authorization = AuthorizationToss | AuthorizationStripe | AuthorizationKakaopay | AuthorizationStandard;

/** Not offered: KakaoPay has no query for a charge whose response was lost. */
export interface AuthorizationKakaopay {
  provider: "KAKAOPAY";
}

/** Not offered: the provider has no API. */
export interface AuthorizationStandard {
  provider: "STANDARD";
}

/** The result of Stripe.js (`createPaymentMethod`). */
export interface AuthorizationStripe {
  /** The id of the PaymentMethod. */
  payment_method: string;
  provider: "STRIPE";
}

/** The parameters that Toss's card window (`requestBillingAuth`) adds to its `successUrl`. */
export interface AuthorizationToss {
  /** `authKey`. It can be exchanged once. */
  auth_key: string;
  /** `customerKey`, as generated by the page. It must not be guessable. */
  customer_key: string;
  provider: "TOSS";
}

/** The benefit of a coupon: an amount or a percentage. */
export type Benefit = BenefitFixed | BenefitPercent | { kind: runtime.Unlisted };

/** The benefit of a coupon: an amount or a percentage. */
export type BenefitInput = BenefitFixed | BenefitPercent;

/** An amount, at most what the eligible lines cost. */
export interface BenefitFixed {
  /** The amount. */
  amount: Money;
  kind: "FIXED";
}

/** A part of the price of the eligible lines, rounded down. */
export interface BenefitPercent {
  /** The part. */
  percent: number;
  /** The most that is taken off. Absent: no limit. */
  at_most?: Money;
  kind: "PERCENT";
}

/**
 * Seats side by side, near the front and the middle. Accessible seats and those of their companions are chosen only if the request
 * asks for them, or no other seat of the class is free.
 */
export interface BestSeats {
  /** The price class of the seats. */
  class: ClassCode;
  /** The number of seats. */
  count: number;
  /** Whether they are accessible seats, or one or more of them and the seats of their companions. */
  accessible?: boolean;
}

/** A bid to buy or sell a voucher. */
export interface Bid {
  /** The bid's id. */
  bid_id: BidId;
  /** The product of the voucher. */
  sku: Sku;
  /** Whether the bid buys or sells. */
  side: runtime.Open<Side>;
  /** The price: the highest to pay, or the lowest to accept. */
  price: Points;
  /** The customer who placed the bid. */
  customer_id: CustomerId;
  /** The voucher for sale. Absent for a bid to buy. */
  voucher_id?: VoucherId;
  /** The status of the bid. */
  status: runtime.Open<BidStatus>;
  /**
   * The time at which the bid was placed. It orders the bids of a product: a bid that came to the order book later
   * has a later time.
   */
  placed_at: string;
  /** The deadline: from this time on the bid cannot be taken. */
  expires_at: string;
  /** The time at which the bid was traded, cancelled or expired. Absent while it is open. */
  closed_at?: string;
  /** The trade. Present for a traded bid. */
  trade_id?: string;
}

/** The open bids of a product. */
export interface BidBook {
  /** The bids to buy, highest price first. Absent when only the other side is requested. */
  buy?: BookSide;
  /** The bids to sell, lowest price first. Absent when only the other side is requested. */
  sell?: BookSide;
}

export type BidClosedProblem = Problem & {
  /** The bid's status. */
  bid_status?: runtime.Open<BidStatus>;
  type: "urn:madang:problem:bid-closed";
  status: 409;
  title: "The bid is closed";
};

/** A bid's id, derived from the customer and the idempotency key. */
export type BidId = string;

/** A page of a list. */
export interface BidList {
  items: Bid[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The status of a bid. */
export type BidStatus = "OPEN" | "TRADED" | "CANCELLED" | "EXPIRED";

/** The limit is 64 KB, for a webhook 256 KB and for a seating plan 1 MB. */
export type BodyTooLargeProblem = Problem & {
  type: "urn:madang:problem:body-too-large";
  status: 413;
  title: "The body is too large";
};

/** A page of one side of the order book. */
export interface BookSide {
  /** The bids, best price first; at the same price, the oldest first. */
  items: OpenBid[];
  /**
   * The number of the bids on this page at each price, best price first. The bids of the last price may continue on the
   * next page: add the numbers of all pages up.
   */
  depth: Depth[];
  /** Cursor of the next page, to be sent with `side`. Absent on the last page. */
  next_cursor?: string;
}

/** The units to cancel. */
export interface CancelOrderRequest {
  /** The units to cancel, each line once. Default: the whole order. */
  lines?: LineQuantity[];
  /** The refund that the customer was shown. If it differs, nothing is cancelled. */
  expected_refund?: Money;
}

/** A cancellation. */
export interface CancelSubscriptionRequest {
  /** The time at which the subscription ends. */
  when: When;
}

/** The amounts that a cancellation would refund. */
export interface CancellationQuote {
  /** The order. */
  order_id: OrderId;
  /** The whole refund: `expected_refund` of the cancellation. */
  refund: Money;
  /** The amount that is refunded of the price of the delivery: the rest of it, if these are the last units with a package. */
  shipping: Money;
  /** The fees in all. */
  fee: Money;
  /** The lines whose units are cancelled. */
  lines: LineCancellation[];
  /** The time until which the fees stay the same. Absent if they do not depend on the time. */
  valid_until?: string;
}

/** A card, as shown to its customer. */
export interface Card {
  /** The issuer or scheme, as the provider names it. Empty when unknown. */
  company: string;
  /** The masked number, as the provider shows it. */
  number: string;
}

/** The response to a carrier's message. */
export interface CarrierWebhookAnswer {
  /** The outcome of the message. */
  outcome: runtime.Open<CarrierWebhookOutcome>;
}

/** The outcome of a carrier's message. */
export type CarrierWebhookOutcome = "ENTERED" | "IGNORED";

export type CarriersNotConfiguredProblem = Problem & {
  type: "urn:madang:problem:carriers-not-configured";
  status: 422;
  title: "Webhooks of carriers are not set up";
};

/** Somebody who appears in a performance. */
export interface CastMember {
  /** The performer. */
  performer_id: PerformerId;
  /** The part, such as `Clara`. Text of one line. */
  role?: string;
}

/** The categories by path, such as `drinks/tea`, of at most four names. */
export type Categories = { [name: string]: CategoryNode };

/** The categories by path. `null` removes one. */
export type CategoriesPatch = { [name: string]: CategoryPatch | null };

/** The path of a category, such as `drinks/tea`: names of `a-z 0-9 -`, separated by `/`, at most 100 characters. */
export type Category = string;

/** An attribute that the products of a category have. */
export interface CategoryAttribute {
  /** The type of its values. */
  type: runtime.Open<AttributeType>;
  /** The text that shoppers read, by language. */
  names?: { [name: string]: string };
  /** The unit of a `NUMBER`, such as `g`. Text of one line. */
  unit?: string;
  /** The values of an `ENUM`. */
  values?: string[];
  /** Whether a listed product must have it. */
  required?: boolean;
}

/** Changes of an attribute. A new one needs `type`. */
export interface CategoryAttributePatch {
  /** The type of its values. */
  type?: AttributeType;
  /** The text that shoppers read, by language. */
  names?: { [name: string]: string | null };
  /** The unit of a `NUMBER`, such as `g`. Text of one line. */
  unit?: string | null;
  /** The values of an `ENUM`. */
  values?: string[] | null;
  /** Whether a listed product must have it. */
  required?: boolean;
}

/** The attributes of its products, and of those in the categories below it, by the name that products use. */
export type CategoryAttributes = { [name: string]: CategoryAttribute };

/** The attributes of its products. `null` removes one. */
export type CategoryAttributesPatch = { [name: string]: CategoryAttributePatch | null };

/** A category. */
export interface CategoryNode {
  /** The text that shoppers read, by language. */
  names: { [name: string]: string };
  /** The category's position among those with the same parent, lowest first. */
  position: number;
  /** The attributes of its products, and of those in the categories below it, by the name that products use. */
  attributes?: CategoryAttributes;
}

/** Move its products to other categories first. Drafts and unlisted products do not count. */
export type CategoryNotEmptyProblem = Problem & {
  /** The category. */
  category: Category;
  type: "urn:madang:problem:category-not-empty";
  status: 409;
  title: "Products are listed in a category that was to be removed";
};

/** Changes of a category. A new one needs `names`. */
export interface CategoryPatch {
  /** The text that shoppers read, by language. */
  names?: { [name: string]: string | null };
  /** The category's position among those with the same parent, lowest first. */
  position?: number;
  /** The attributes of its products. `null` removes one. */
  attributes?: CategoryAttributesPatch;
}

/** All categories, by path. */
export interface CategoryTree {
  /** The categories by path, such as `drinks/tea`, of at most four names. */
  categories: Categories;
}

/** An administrator's decision about a charge attempt. */
export type ChargeDecision = ChargeDecisionAskAgain | ChargeDecisionCharged | ChargeDecisionNotCharged;

/** Query the provider again with the schedule's next run. */
export interface ChargeDecisionAskAgain {
  decision: "ASK_AGAIN";
}

/** The attempt was charged. */
export interface ChargeDecisionCharged {
  /** The provider's reference: `paymentKey` at Toss, the PaymentIntent's id at Stripe. */
  reference: string;
  decision: "CHARGED";
}

/** The attempt was not charged, and will not be. At Stripe, first cancel the PaymentIntent in the dashboard. */
export interface ChargeDecisionNotCharged {
  /** The time of the look-up at the provider. The decision does not cover later charge requests. */
  looked_up_at: string;
  decision: "NOT_CHARGED";
}

/** A scan at the door that admitted, or would have. */
export interface CheckIn {
  /** The scan's id, derived from its key. */
  scan_id: string;
  /** The time of the scan. */
  at: string;
  /** The gate. */
  gate: string;
  /** The administrator. */
  by: Actor;
}

/** Nothing has changed. */
export type CheckInNotOpenProblem = Problem & {
  /** The time from which tickets of the showtime are checked in. */
  opens_at: string;
  type: "urn:madang:problem:check-in-not-open";
  status: 409;
  title: "It is too early to check tickets in";
};

/** A scan at the door. */
export interface CheckInTicketRequest {
  /** The code that the scanner read. */
  code: string;
  /** The gate. Text of one line. */
  gate: string;
}

/** Scan the ticket again under a new key. */
export type CheckInUndoneProblem = Problem & {
  type: "urn:madang:problem:check-in-undone";
  status: 409;
  title: "The check-in by this scan was undone";
};

/** An order to place. */
export interface CheckoutRequest {
  /** The items to order. Quantities of the same product are added up. */
  items: Item[];
  /** The shipping method. If absent, the first one that fits. Ignored if nothing is shipped. */
  shipping_method?: ShippingMethodId;
  /** The customer's claims of coupons, which the order redeems: at most one coupon of each class. */
  coupon_claim_ids?: CouponClaimId[];
  /** The total that the customer was shown. If it differs, the order is rejected. */
  expected_total?: Money;
  /** Notes of the client that places the order, by name. They are in the order's events too, so they must not be secret or personal. */
  metadata?: { [name: string]: string };
  /**
   * The order's name in another system, such as the number of a purchase order. Text of one line. It need not be
   * unique.
   */
  external_reference?: string;
  /** The person to write to or call about the order. Stored encrypted; `get-delivery-details` returns it. */
  contact?: Contact;
  /**
   * The address to which the order is sent, and by which it is taxed. Required if something is shipped. Stored
   * encrypted; `get-delivery-details` returns it.
   */
  shipping_address?: Address;
}

/** A code. */
export interface ClaimCouponCodeRequest {
  /** The code, with or without dashes and spaces, in either case. */
  code: string;
}

/** A price class of a showtime, such as `VIP`. */
export type ClassCode = string;

/** A price class as everybody sees it. */
export interface ClassView {
  /** The class. */
  class: ClassCode;
  /** The price of one seat. */
  price: Money;
  /** The zones of the plan whose seats are in this class. */
  zones: ZoneCode[];
  /** About how many seats are free. Absent in lists until they were counted. */
  remaining?: number;
}

/** The parameters with which a customer's page starts the payment. */
export type ClientParameters = ClientParametersToss | ClientParametersStripe | ClientParametersKakaopay | { provider: runtime.Unlisted };

/** URLs of KakaoPay's payment page. */
export interface ClientParametersKakaopay {
  /** For a desktop browser. */
  pc_url: string;
  /** For a mobile browser. */
  mobile_url: string;
  /** For an app. */
  app_url: string;
  provider: "KAKAOPAY";
}

/** For Stripe.js. */
export interface ClientParametersStripe {
  /** `client_secret` of the PaymentIntent. Keep it secret: it allows paying. */
  client_secret: string;
  provider: "STRIPE";
}

/** For Toss's payment window, in addition to the order's id and amount. */
export interface ClientParametersToss {
  /** `orderName`: a short description of the order. */
  order_name: string;
  /** `customerKey`: an id of the customer. */
  customer_key: string;
  provider: "TOSS";
}

/** The end of a shipment without a delivery. */
export interface CloseShipmentRequest {
  /** The reason for which the shipment ends. */
  reason: ClosingReason;
}

/** The reason for which a shipment ends without a delivery. */
export type ClosingReason = "MISTAKE" | "LOST";

/** Codes with indexes one after another. */
export interface CodeRange {
  /** The index of the first one. */
  first_index: number;
  /** The index of the last one. */
  last_index: number;
}

/** The parameters that the provider returned to the customer's page. */
export type ConfirmPaymentRequest = ConfirmPaymentRequestToss | ConfirmPaymentRequestStripe | ConfirmPaymentRequestKakaopay;

/** From KakaoPay, for the order's latest payment. */
export interface ConfirmPaymentRequestKakaopay {
  /** The amount that the customer approved. */
  amount: Money;
  /** `pg_token`, from the approval URL. */
  pg_token: string;
  provider: "KAKAOPAY";
}

/** From Stripe.js. */
export interface ConfirmPaymentRequestStripe {
  /** The amount that the customer approved. */
  amount: Money;
  /** The id of the PaymentIntent. */
  payment_intent: string;
  provider: "STRIPE";
}

/** From Toss's payment window. Confirm within 10 minutes. */
export interface ConfirmPaymentRequestToss {
  /** The amount that the customer approved. */
  amount: Money;
  /** `paymentKey`. */
  payment_key: string;
  provider: "TOSS";
}

/** The person to write to or call. Personal data: it is in no event, log or error. */
export interface Contact {
  /** The name. Text of one line. */
  name: string;
  /** The e-mail address. */
  email?: string;
  /** The telephone number in the international format (E.164). Spaces, dashes and parentheses are removed. */
  phone?: string;
}

/** A country: an officially assigned alpha-2 code of ISO 3166-1, in upper case. */
export type Country = string;

/** A coupon that customers claim and then redeem with an order or a subscription. */
export interface Coupon {
  /** The coupon's id. */
  coupon_id: CouponId;
  /** The name that customers see. */
  name: string;
  /** The currency of the orders and subscriptions that it is for. */
  currency: string;
  /** The coupon's class, which does not change. */
  class: runtime.Open<CouponClass>;
  /** The benefit of the coupon: an amount or a percentage. */
  benefit: Benefit;
  /**
   * The price that the eligible lines have to reach before the discount, but after that of a coupon that applies
   * before it. Absent:
   * anything.
   */
  minimum_subtotal?: Money;
  /** The eligible lines. Absent: all. */
  scope?: CouponScope;
  /** The way in which customers get the coupon. */
  distribution: runtime.Open<CouponDistribution>;
  /** The codes that no longer work, in the order of their indexes. Shown to administrators only. */
  revoked_codes?: CodeRange[];
  /** The number of customers who can claim it, first come, first served. Absent: no limit. */
  total?: number;
  /** The number of shards that the units are spread over, so that many customers can claim it at once. Absent without `total`. */
  shards?: ShardCount;
  /** The time from which it can be claimed. */
  claims_start_at: string;
  /** The time from which it can no longer be claimed. */
  claims_end_at: string;
  /** The time from which a claimed coupon can no longer be redeemed. */
  redeemable_until: string;
  /**
   * The time from which nobody claims or redeems it, because an administrator has revoked it. Orders and subscriptions that have
   * redeemed it keep it. Absent: it is not revoked.
   */
  revoked_at?: string;
  /** The outcome for the coupon when its customer cancels a paid order. */
  on_cancellation: runtime.Open<OnCancellation>;
  /** For how many charges of a subscription it counts. */
  duration: CouponDuration;
  /** The waiting room whose admission a claim needs. Absent: none. */
  waiting_room_id?: WaitingRoomId;
  /** The time at which all units were found claimed. Absent while there may be more. */
  exhausted_at?: string;
  /** The time of the creation. */
  created_at: string;
  /** The time of the last change by an administrator. */
  updated_at: string;
}

/** A coupon that a customer has claimed. */
export interface CouponClaim {
  /** The claim's id. A checkout or a new subscription names it. */
  coupon_claim_id: CouponClaimId;
  /** The coupon. */
  coupon_id: CouponId;
  /** The customer. */
  customer_id: CustomerId;
  /** The claim's status. */
  status: runtime.Open<CouponClaimStatus>;
  /** The order that has the coupon. Absent unless an order has redeemed it. */
  order_id?: string;
  /** The subscription that has the coupon. Absent unless a subscription has redeemed it. */
  subscription_id?: SubscriptionId;
  /** The index of the code that claimed it. Absent for a claim without a code. */
  code_index?: number;
  /** The time of the claim. */
  claimed_at: string;
  /**
   * The time from which the coupon can no longer be redeemed. If the shop cancels the order that has it, it can be redeemed for
   * another day at least, once.
   */
  redeemable_until: string;
  /** Whether the shop has extended `redeemable_until`, which it does once. */
  is_extended?: boolean;
}

/** A claim's id, derived from the coupon and the customer: a customer has at most one claim of a coupon. */
export type CouponClaimId = string;

/** A page of a list. */
export interface CouponClaimList {
  items: CouponClaim[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The status of a claim. */
export type CouponClaimStatus = "ISSUED" | "REDEEMED" | "EXPIRED";

/** The code stays unused: somebody else can use it. */
export type CouponClaimedProblem = Problem & {
  /** The customer's claim. */
  coupon_claim_id: CouponClaimId;
  type: "urn:madang:problem:coupon-claimed";
  status: 409;
  title: "The customer has the coupon already";
};

/**
 * The party that funds a coupon. An order takes at most one coupon of each class. The classes apply in the order of
 * the variants, each to the price less the discounts before it.
 */
export type CouponClass = "SELLER" | "PLATFORM";

/** Also the answer for any code that does not work, after a few wrong ones. */
export type CouponCodeInvalidProblem = Problem & {
  type: "urn:madang:problem:coupon-code-invalid";
  status: 422;
  title: "The code is not valid";
};

export type CouponCodeRevokedProblem = Problem & {
  type: "urn:madang:problem:coupon-code-revoked";
  status: 409;
  title: "The code was revoked";
};

export type CouponCodeUsedProblem = Problem & {
  type: "urn:madang:problem:coupon-code-used";
  status: 409;
  title: "The code was used";
};

/** Codes of a coupon. */
export interface CouponCodes {
  /** The coupon. */
  coupon_id: CouponId;
  /** The index of the first code. */
  first_index: number;
  /** The codes, in the order of their indexes. */
  codes: string[];
}

export type CouponCurrencyDiffersProblem = Problem & {
  /** The customer's claim of the coupon. */
  coupon_claim_id: CouponClaimId;
  /** The currency of the coupon. */
  coupon_currency: string;
  type: "urn:madang:problem:coupon-currency-differs";
  status: 422;
  title: "The coupon is for another currency";
};

/** The discount of a line by one of the order's coupons. */
export interface CouponDiscount {
  /** The coupon's class. */
  class: runtime.Open<CouponClass>;
  /** The amount of the discount. */
  amount: Money;
}

/** The way in which customers get a coupon. */
export type CouponDistribution = "CLAIM" | "CODES";

/**
 * For how many charges of a subscription a coupon counts. A charge that the coupon takes nothing off is none of them. An order
 * redeems it once, whatever it says.
 */
export type CouponDuration = CouponDurationOnce | CouponDurationRepeating | CouponDurationForever | { kind: runtime.Unlisted };

/**
 * For how many charges of a subscription a coupon counts. A charge that the coupon takes nothing off is none of them. An order
 * redeems it once, whatever it says.
 */
export type CouponDurationInput = CouponDurationOnce | CouponDurationRepeating | CouponDurationForever;

/** Each charge. */
export interface CouponDurationForever {
  kind: "FOREVER";
}

/** One charge. */
export interface CouponDurationOnce {
  kind: "ONCE";
}

/** A number of charges. */
export interface CouponDurationRepeating {
  /** The number of charges. */
  charges: number;
  kind: "REPEATING";
}

export type CouponExhaustedProblem = Problem & {
  type: "urn:madang:problem:coupon-exhausted";
  status: 409;
  title: "All units of the coupon are claimed";
};

export type CouponExpiredProblem = Problem & {
  /** The customer's claim of the coupon. Absent for a coupon that can no longer be claimed. */
  coupon_claim_id?: CouponClaimId;
  /** The time at which it ended. */
  ended_at: string;
  type: "urn:madang:problem:coupon-expired";
  status: 409;
  title: "The time of the coupon is over";
};

/** A coupon's id, derived from the administrator and the idempotency key. */
export type CouponId = string;

/** The coupon can be redeemed again once it goes back: if that order is not paid, or if its cancellation returns the coupon; if that subscription ends before a charge was paid with the coupon. */
export type CouponInUseProblem = Problem & {
  /** The customer's claim of the coupon. */
  coupon_claim_id: CouponClaimId;
  /** The order. Absent if a subscription has it. */
  order_id?: string;
  /** The subscription. Absent if an order has it. */
  subscription_id?: SubscriptionId;
  type: "urn:madang:problem:coupon-in-use";
  status: 409;
  title: "An order or a subscription has the coupon";
};

/** A page of a list. */
export interface CouponList {
  items: Coupon[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

export type CouponMinimumNotReachedProblem = Problem & {
  /** The customer's claim of the coupon. */
  coupon_claim_id: CouponClaimId;
  /** The price that the eligible lines have to reach before the discount. */
  minimum_subtotal: Money;
  /** The price of the eligible lines, less the discount of a coupon that applies before. */
  eligible_subtotal: Money;
  type: "urn:madang:problem:coupon-minimum-not-reached";
  status: 422;
  title: "The order is too small for the coupon";
};

/** Send `POST /coupon-claims` with a code. */
export type CouponNeedsCodeProblem = Problem & {
  type: "urn:madang:problem:coupon-needs-code";
  status: 409;
  title: "The coupon is claimed with a code";
};

/** No line is in the coupon's scope, or the discount would be 0, such as when another coupon has taken everything off. The coupon stays unused. */
export type CouponNotApplicableProblem = Problem & {
  /** The customer's claim of the coupon. */
  coupon_claim_id: CouponClaimId;
  type: "urn:madang:problem:coupon-not-applicable";
  status: 422;
  title: "The coupon takes nothing off this order";
};

/** Send the `coupon_claim_id` of one of the customer's claims. */
export type CouponNotFoundProblem = Problem & {
  /** The id that was sent. */
  coupon_claim_id: CouponClaimId;
  type: "urn:madang:problem:coupon-not-found";
  status: 422;
  title: "The customer has no such coupon";
};

export type CouponNotOpenProblem = Problem & {
  /** The time from which it can be claimed. */
  claims_start_at: string;
  type: "urn:madang:problem:coupon-not-open";
  status: 409;
  title: "The coupon cannot be claimed yet";
};

/**
 * The lines that a coupon takes something off.
 *
 * A product is in the scope if its SKU is named, or a category that it is in. A seat is in the scope if its showtime is named, or
 * its price class; if the scope has both, the seat needs both.
 */
export interface CouponScope {
  /** Products. */
  skus?: Sku[];
  /** Categories, with those below them. */
  categories?: Category[];
  /** Showtimes. */
  showtimes?: ShowtimeId[];
  /** Price classes of seats. */
  classes?: ClassCode[];
}

/** Only a coupon with the distribution `CODES` has codes. */
export type CouponWithoutCodesProblem = Problem & {
  type: "urn:madang:problem:coupon-without-codes";
  status: 409;
  title: "The coupon has no codes";
};

/** An order takes one coupon of each class. */
export type CouponsNotCombinableProblem = Problem & {
  /** The class of two of them. Absent if a claim is named twice, or more than two are. */
  class?: runtime.Open<CouponClass>;
  type: "urn:madang:problem:coupons-not-combinable";
  status: 422;
  title: "The coupons cannot be combined";
};

/** The units that would be cancelled. */
export interface CreateCancellationQuoteRequest {
  /** The units, each line once. Default: the whole order. */
  lines?: LineQuantity[];
}

/** The codes to make. */
export interface CreateCouponCodesRequest {
  /** The index of the first code. */
  first_index: number;
  /** The number of codes. */
  count: number;
}

/** A new coupon. */
export interface CreateCouponRequest {
  /** The name that customers see. Text of one line. */
  name: string;
  /** The currency of the orders that it is for, and of all its amounts. */
  currency: string;
  /** The coupon's class, which cannot be changed. Default: a coupon of the seller. */
  class?: CouponClass;
  /** The benefit of the coupon: an amount or a percentage. */
  benefit: BenefitInput;
  /**
   * The price that the eligible lines have to reach before the discount, but after that of a coupon that applies
   * before it. Default:
   * anything.
   */
  minimum_subtotal?: Money;
  /** The eligible lines. Default: all. */
  scope?: CouponScope;
  /** The way in which customers get the coupon. Default: everybody can claim it. */
  distribution?: CouponDistribution;
  /**
   * The number of customers who can claim it, first come, first served. Default: no limit. Not with codes, which limit it
   * themselves.
   */
  total?: number;
  /** The number of shards that the units are spread over: 16 by default. Only with `total`. */
  shards?: ShardCount;
  /** The time from which it can be claimed. */
  claims_start_at: string;
  /** The time from which it can no longer be claimed. */
  claims_end_at: string;
  /** The time from which a claimed coupon can no longer be redeemed. It cannot be changed. */
  redeemable_until: string;
  /** The outcome for the coupon when its customer cancels a paid order. */
  on_cancellation: OnCancellation;
  /** For how many charges of a subscription it counts. It cannot be changed. Default: one. */
  duration?: CouponDurationInput;
  /** The waiting room whose admission a claim needs. Default: none. */
  waiting_room_id?: WaitingRoomId;
}

/** A file of products to import. */
export interface CreateImportRequest {
  /** The format of the file. */
  format: FileFormat;
  /** Whether to only check the rows, and to tell what they would change. */
  dry_run?: boolean;
  /** The file's size in bytes. */
  content_length: number;
  /** The file's SHA-256 in base64. S3 accepts only these bytes. */
  checksum_sha256: string;
}

/** A new performance. */
export interface CreatePerformanceRequest {
  /** The text that customers read, by language. */
  titles: { [name: string]: string };
  /** The text that customers read, by language. */
  descriptions?: { [name: string]: string };
  /** Whether customers see it. */
  status?: PerformanceStatus;
  /** The cast, in the order of the playbill. */
  cast?: CastMember[];
  /** The length in minutes, with breaks. */
  duration_minutes?: number;
  /** The age from which visitors are admitted. */
  age_limit?: number;
  /** The most seats that a customer can have at one showtime. */
  max_seats: number;
  /** The posters, main poster first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once. */
  posters?: ImageId[];
  /** The time from which new showtimes are sold, unless they have a time of their own. */
  on_sale_at?: string;
  /** The tax class of tickets. Many countries tax some performances at a reduced rate, or not at all. */
  tax_class?: TaxClass;
  /** The fees that a customer pays for giving a ticket back. Each booking keeps the policy of its time. */
  refund_policy: RefundPolicy;
}

/** A review of a performance. */
export interface CreatePerformanceReviewRequest {
  /** The caller's ticket of a showtime of the performance. */
  ticket_id: TicketId;
  /** The stars, from 1 to 5. */
  stars: number;
  /** The opinion in words, which everybody can read. Text of several lines. */
  text?: string;
}

/** A new performer. */
export interface CreatePerformerRequest {
  /** The text that customers read, by language. */
  names: { [name: string]: string };
  /** The text that customers read, by language. */
  biographies?: { [name: string]: string };
  /** The portrait. It must be `READY` and uploaded with the purpose `LISTING`. */
  image?: ImageId;
}

/** A new seating plan. */
export interface CreatePlanRequest {
  /** The plan's name. Text of one line. */
  name: string;
  /**
   * The point that everybody looks at, such as the middle of the stage: the best rows are those whose middles are nearest to it.
   * Without it, the best rows are the first ones of each section.
   */
  focus?: Point;
  /** The sections, in the order of the seat map. A plan without sections has areas. */
  sections?: NewSection[];
  /** The areas of general admission. */
  areas?: NewArea[];
}

/** A new product. */
export interface CreateProductRequest {
  /** The stock-keeping unit. It cannot be changed. */
  sku: Sku;
  /** The name that shoppers see. Text of one line. */
  name: string;
  /** The description that shoppers see. Text of several lines. */
  description?: string;
  /** The brand. Text of one line. */
  brand?: string;
  /** The categories, main category first. Each is listed once. */
  categories?: Category[];
  /** Facts that shoppers see, by name, such as the weight. */
  attributes?: { [name: string]: string };
  /** Notes of administrators, by name. Nobody else sees them. */
  metadata?: { [name: string]: string };
  /** The price of one unit. */
  price: Money;
  /** Whether the product is for sale. A `DRAFT` is published later. */
  status: ProductStatus;
  /** The time from which a `LISTED` product is visible and for sale. If absent, at once. */
  list_at?: string;
  /** The time from which a `LISTED` product is neither visible nor for sale. If absent, never. */
  unlist_at?: string;
  /** A lower price for some time. */
  sale?: Sale;
  /** The points that one unit adds to the buyer's wallet. Only for products that sell points. */
  points?: number;
  /** The package of one unit, for products that are shipped. */
  package?: Package;
  /** The tax class of the product. */
  tax_class?: TaxClass;
  /** The product's images, main image first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once. */
  images?: ImageId[];
  /** The available units below which the stock is low. Nobody but administrators sees it. */
  low_stock_threshold?: number;
  /** The number of shards of the stock. Default: 1. Can be raised, not lowered. */
  stock_shards?: ShardCount;
}

/** Items to price. */
export interface CreateQuoteRequest {
  /** The items. Quantities of the same product are added up. */
  items: Item[];
  /** The shipping method. If absent, the first one that fits. Ignored if nothing is shipped. */
  shipping_method?: ShippingMethodId;
  /** The customer's claims of coupons, which the order would redeem: at most one coupon of each class. */
  coupon_claim_ids?: CouponClaimId[];
  /** The place where the order would be delivered. If absent, the shop's own country. */
  destination?: Destination;
}

/** The seats to price: `seats`, or `general`. */
export interface CreateSeatQuoteRequest {
  /** The chosen seats, each once. */
  seats?: SeatId[];
  /** Places of an area of general admission. */
  general?: GeneralPlaces;
  /** The order that a hold of the seats would replace, and whose coupons it could keep. */
  replaces?: OrderId;
  /** The customer's claims of coupons, which the order would redeem: at most one coupon of each class. */
  coupon_claim_ids?: CouponClaimId[];
}

/** A parcel that was handed to a carrier. */
export interface CreateShipmentRequest {
  /** The units in the parcel, each line once. */
  lines: LineQuantity[];
  /** The carrier. Text of one line. */
  carrier: string;
  /**
   * The carrier's number of the parcel. Text of one line. Several shipments can have the same number: a parcel with
   * units of several orders.
   */
  tracking_number: string;
  /** The page that shows where the parcel is: an `https` URL. */
  tracking_url?: string;
}

/** A new showtime. */
export interface CreateShowtimeRequest {
  /** The seating plan, which names the venue. */
  plan_id: PlanId;
  /** The start as the clock at the venue shows it. */
  local_start: LocalTime;
  /** The offset from UTC. Needed only for a local time that occurs twice. */
  utc_offset?: string;
  /** The time at which the doors open, before the start. */
  doors_at?: string;
  /** The time from which seats are sold. Default: that of the performance. */
  sales_start_at?: string;
  /** The time from which seats are not sold any more. Default: the start. */
  sales_end_at?: string;
  /** The waiting room whose admission a hold of seats needs. Default: none. */
  waiting_room_id?: WaitingRoomId;
  /** The price classes. Each zone of the plan is in exactly one. All prices have the same currency. */
  prices: PriceClass[];
}

/** A movement to make. */
export type CreateStockMovementRequest = CreateStockMovementRequestReceipt | CreateStockMovementRequestCorrection | CreateStockMovementRequestWriteOff;

/** A count differed from the available units. */
export interface CreateStockMovementRequestCorrection {
  /** The counted units less the available ones, so below zero if units are missing. Not 0. */
  quantity: number;
  /** The reason, for administrators. Text of several lines. */
  note: string;
  kind: "CORRECTION";
}

/** Units were delivered to the shop. */
export interface CreateStockMovementRequestReceipt {
  /** The number of units. */
  quantity: number;
  /** A note, for administrators. Text of several lines. */
  note?: string;
  kind: "RECEIPT";
}

/** Units were lost: broken, spoiled or stolen. */
export interface CreateStockMovementRequestWriteOff {
  /** The number of units. */
  quantity: number;
  /** The reason, for administrators. Text of several lines. */
  note: string;
  kind: "WRITE_OFF";
}

/** A subscription to start. */
export interface CreateSubscriptionRequest {
  /** The items of each period. Quantities of the same product are added up. */
  items: Item[];
  /** The shipping method of each period. If absent, the first one that fits. Ignored if nothing is shipped. */
  shipping_method?: ShippingMethodId;
  /** The customer's claim of a coupon, which the subscription redeems. It counts for as many charges as the coupon's `duration` says. */
  coupon_claim_id?: CouponClaimId;
  /** The dates on which periods fall due. The first billed period is the first on or after today's date. */
  schedule: ScheduleInput;
  /** The provider's authorization to charge the card. */
  authorization: Authorization;
  /** The total of the first period that the customer was shown. If it differs today, the request is rejected. */
  expected_total?: Money;
  /** The person to write to or call about the orders of the subscription. Stored encrypted. */
  contact?: Contact;
  /** The address to which the orders of the subscription are sent. Stored encrypted. */
  shipping_address?: Address;
}

/** A new venue. */
export interface CreateVenueRequest {
  /** The text that customers read, by language. */
  names: { [name: string]: string };
  /** The time zone. It cannot be changed: the showtimes of the venue depend on it. */
  time_zone: Timezone;
  /** The location of the venue: tickets are taxed as there. Absent: in the shop's own country. It cannot be changed. */
  location?: Destination;
  /** The address that customers see. Text of one line. */
  address?: string;
}

/** A new waiting room. */
export interface CreateWaitingRoomRequest {
  /** The name that customers see. Text of one line. */
  name: string;
  /** The time from which it admits. Not in the past. */
  opens_at: string;
  /** The people a minute that it admits. 0: nobody, until the rate is changed. */
  rate_per_minute: number;
  /** The minutes that an admission lasts: 10 by default. */
  token_minutes?: number;
}

/** Place an order for each currency. */
export type CurrenciesMixedProblem = Problem & {
  type: "urn:madang:problem:currencies-mixed";
  status: 422;
  title: "The products have different currencies";
};

/** A customer's id: the `sub` claim of the token. */
export type CustomerId = string;

/** The decision about a return. */
export interface DecideReturnRequest {
  /** The decision. */
  decision: ReturnDecision;
  /** A note for the customer, such as where to send the units. Text of several lines. */
  note?: string;
}

/** A decided matter. */
export interface DecidedReview {
  /** The matter's id. */
  review_id: string;
  /** The kind of matter. */
  code: runtime.Open<ReviewCode>;
  /** The decision. */
  decision: runtime.Open<Decision>;
  /** The administrator who decided. */
  decided_by: Actor;
  /** The time of the decision. */
  decided_at: string;
}

/** The kind of a decision about a matter. */
export type Decision = "ASK_AGAIN" | "CHARGED" | "NOT_CHARGED" | "GIVEN_BACK" | "TAKEN_BACK" | "SETTLED";

/** The amount that the shop keeps of the price of returned units. */
export interface Deduction {
  /** The amount, at most the price of the received units. */
  amount: Money;
  /** The reason, for the customer. Text of several lines. */
  note: string;
}

/** The delivery of a shipment. */
export interface DeliverShipmentRequest {
  /** The time of the delivery, not before the order and not in the future. Default: now. */
  delivered_at?: string;
}

/** The recipient of an order, and the address. */
export interface DeliveryDetails {
  /** The person to write to or call about the order. */
  contact?: Contact;
  /** The address to which the order is sent. */
  shipping_address?: Address;
}

/** A provider's account for one deposit. */
export interface DepositAccount {
  /** The bank, as the provider names it. */
  bank: string;
  /** The account number. */
  account_number: string;
  /** The deadline of the deposit. */
  due_at?: string;
}

/** The number of bids on a page at one price. */
export interface Depth {
  /** The price. */
  price: Points;
  /** The number of bids. */
  bids: number;
}

/** The country and region where an order is delivered, or a show takes place, and taxed. */
export interface Destination {
  /** The country. */
  country: Country;
  /** The region, where taxes differ by region. */
  region?: Region;
}

/** The name of an object: the SHA-256 of its bytes in hexadecimal digits. */
export type Digest = string;

/** A dispute of a payment. */
export interface Dispute {
  /** The provider's id of the dispute. */
  dispute_id: string;
  /** The disputed amount. */
  amount: Money;
  /** The reason that the customer gave to the bank, as the provider names it. */
  reason: string;
  /** The dispute's status. */
  status: runtime.Open<DisputeStatus>;
  /** Whether the disputed amount is withdrawn from the shop's account now. */
  funds_withdrawn: boolean;
  /** The time at which the dispute was recorded. */
  recorded_at: string;
  /** The time at which the end of the dispute was recorded. */
  closed_at?: string;
}

/** The status of a dispute. */
export type DisputeStatus = "OPEN" | "WON" | "LOST" | "CLOSED";

/** The kind of a document: what is found. */
export type DocumentKind = "PRODUCT" | "PERFORMANCE" | "PERFORMER" | "VENUE";

/** A ledger entry: one change of a wallet. */
export interface Entry {
  /** The entry's id, a UUIDv7. */
  entry_id: string;
  /** The kind of the change. */
  kind: runtime.Open<EntryKind>;
  /** The number of points. */
  points: Points;
  /** The entity that caused the change. Of collected points: the one that made them available. */
  about: Subject;
  /** The time of the change. */
  created_at: string;
}

/** The kind of a wallet's change. */
export type EntryKind = "CREDITED" | "TAKEN_BACK" | "OWED" | "COLLECTED" | "RETURNED" | "HELD" | "RELEASED" | "PAID" | "EARNED";

/** A page of a list. */
export interface EntryList {
  items: Entry[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** An export. */
export interface Export {
  /** The export's id. */
  export_id: ExportId;
  /** The status. */
  status: runtime.Open<ExportStatus>;
  /**
   * The number of products in the parts so far. A product that changes during the export may be there twice, the
   * newer row in a later place.
   */
  products: number;
  /** The administrator who created the export. */
  created_by: Actor;
  /** The time of the creation. */
  created_at: string;
  /** The time at which the export was completed. */
  ended_at?: string;
  /**
   * The files, in the order in which an import has to take them. Present in the response of `get-export` for a completed
   * export.
   */
  parts?: ExportPart[];
}

/** An export's id, derived from the administrator and the idempotency key. */
export type ExportId = string;

/** A file of an export: products as JSON Lines, in the format of imports. */
export interface ExportPart {
  /** The presigned URL, for a `GET` that starts within 15 minutes. */
  url: string;
  /** The number of products. */
  products: number;
  /** The file's size in bytes. */
  content_length: number;
}

/** The status of an export. */
export type ExportStatus = "RUNNING" | "COMPLETED";

/** The reason for a provider's refusal. */
export interface Failure {
  /** The provider's code. */
  code: string;
  /** A message for the customer. */
  message: string;
  /** The card issuer's advice on another attempt, if the provider passes one on. */
  advice?: runtime.Open<Advice>;
}

/** The format of a file. */
export type FileFormat = "CSV" | "JSON_LINES";

/** The presigned upload of an import's file. */
export interface FileUpload {
  /** The presigned URL. */
  url: string;
  /** The HTTP method, `PUT`. */
  method: string;
  /** The headers to send, unchanged. */
  headers: { [name: string]: string };
  /** The latest time at which the upload can start. */
  expires_at: string;
}

/** Paths under `/admin/` are for members of the group `admin`. */
export type ForbiddenProblem = Problem & {
  type: "urn:madang:problem:forbidden";
  status: 403;
  title: "The caller may not do this";
};

/**
 * The progress of an order's fulfillment. It follows from the units of the lines that are shipped; cancelled units do
 * not count, and returned ones stay delivered.
 */
export type FulfillmentStatus = "NOT_REQUIRED" | "UNFULFILLED" | "PARTIALLY_SHIPPED" | "SHIPPED" | "PARTIALLY_DELIVERED" | "DELIVERED";

/** Ask for places of the area with `general`. */
export type GeneralAdmissionProblem = Problem & {
  /** The area of the chosen place. */
  area: ZoneCode;
  type: "urn:madang:problem:general-admission";
  status: 422;
  title: "Places of general admission are not chosen";
};

/** Places of an area of general admission. Nobody chooses which ones. */
export interface GeneralPlaces {
  /** The area. */
  area: ZoneCode;
  /** The number of places. */
  count: number;
}

/** The reason for which an administrator has hidden a review. The number of its stars is no reason. */
export type HiddenReason = "SPAM" | "ABUSE" | "PERSONAL_DATA" | "OFF_TOPIC" | "ILLEGAL";

/** A part of a text that matches, in UTF-16 code units, as JavaScript's `text.slice(start, end)` takes them. */
export interface Highlight {
  /** The index of the first code unit that matches. */
  start: number;
  /** The index after the last code unit that matches. */
  end: number;
}

/** Pay the order, replace it, or cancel it. */
export type HoldExistsProblem = Problem & {
  /** The order that holds them. */
  order_id: OrderId;
  type: "urn:madang:problem:hold-exists";
  status: 409;
  title: "The customer holds seats of the showtime already";
};

/** It is paid, has ended, or is not the customer's hold of this showtime. Hold seats without `replaces`. */
export type HoldNotReplaceableProblem = Problem & {
  type: "urn:madang:problem:hold-not-replaceable";
  status: 409;
  title: "There is no such hold to replace";
};

/** The seats to hold: one of `seats`, `best` and `general`. */
export interface HoldSeatsRequest {
  /** The chosen seats, each once. */
  seats?: SeatId[];
  /** The best free seats side by side. */
  best?: BestSeats;
  /** Free places of an area of general admission. */
  general?: GeneralPlaces;
  /** The customer's order for this showtime that waits for payment. It is cancelled, and the new order keeps its deadline. */
  replaces?: OrderId;
  /**
   * The customer's claims of coupons, which the order redeems: at most one coupon of each class. The order in `replaces` may have
   * them.
   */
  coupon_claim_ids?: CouponClaimId[];
  /** The total that the customer was shown. If it differs, nothing is held. */
  expected_total?: Money;
}

export type HoldTimeUsedUpProblem = Problem & {
  /** The time from which the customer can hold seats again. */
  again_at: string;
  type: "urn:madang:problem:hold-time-used-up";
  status: 409;
  title: "The customer has held seats for as long as one may";
};

/** Use a new key for a new request. */
export type IdempotencyKeyReusedProblem = Problem & {
  type: "urn:madang:problem:idempotency-key-reused";
  status: 422;
  title: "The Idempotency-Key was used for another request";
};

/** The reason why an upload cannot be used. */
export type ImageFault = "NOT_AN_IMAGE" | "WRONG_TYPE" | "TRUNCATED" | "DAMAGED" | "TOO_MANY_PIXELS" | "TOO_LARGE" | "UNSUPPORTED";

/** An image's id, derived from the customer and the idempotency key. */
export type ImageId = string;

export type ImageLengthNotTakenProblem = Problem & {
  /** The most bytes that an image may have. */
  longest: number;
  type: "urn:madang:problem:image-length-not-taken";
  status: 422;
  title: "The image is empty or too large";
};

/** The purpose of an image. */
export type ImagePurpose = "LISTING" | "REVIEW" | "PROFILE";

/** The reason for which an image was rejected. */
export interface ImageRefusal {
  /** The reason, for programs. */
  reason: runtime.Open<ImageFault>;
  /** An explanation, for people. */
  detail: string;
}

/** The uploaded image. */
export interface ImageSource {
  /** Width in pixels, after applying the orientation. */
  width: number;
  /** Height in pixels, after applying the orientation. */
  height: number;
  /** Size in bytes. */
  bytes: number;
}

/** The status of an image. */
export type ImageStatus = "AWAITING_UPLOAD" | "READY" | "REJECTED" | "DELETED";

export type ImageTypeNotTakenProblem = Problem & {
  /** The supported media types. */
  taken: string[];
  type: "urn:madang:problem:image-type-not-taken";
  status: 415;
  title: "The image type is not supported";
};

/** An image and its variants. */
export interface ImageView {
  /** The image's id. */
  image_id: ImageId;
  /** The purpose of the image. */
  purpose: runtime.Open<ImagePurpose>;
  /** The status of the image. */
  status: runtime.Open<ImageStatus>;
  /** The uploaded image. Present once the image has been ready. */
  source?: ImageSource;
  /** The variants, narrowest first. Empty unless the image is ready. */
  variants: VariantView[];
  /** The JPEG variants, for the attribute `srcset` of an `img` element. Every browser shows them. */
  srcset: string;
  /** The variants in other formats, smallest files first, for `source` elements in a `picture` element around that `img`. */
  sources: SourceView[];
  /** A ThumbHash in base64, to show while a variant loads. */
  placeholder?: string;
  /** The dominant color, `#rrggbb`. */
  color?: string;
  /** The reason for which the image was rejected. Present for a rejected image. */
  refusal?: ImageRefusal;
  /** The time of the last status change. */
  changed_at: string;
}

/** An import. */
export interface Import {
  /** The import's id. */
  import_id: ImportId;
  /** The format of the file. */
  format: runtime.Open<FileFormat>;
  /** Whether the rows are only checked. */
  dry_run: boolean;
  /** The file's size in bytes. */
  content_length: number;
  /** The status. */
  status: runtime.Open<ImportStatus>;
  /** The number of rows that were read, without the header and empty ones. */
  rows: number;
  /** The number of rows that created a product. In a dry run, of those that would. */
  created: number;
  /** The number of rows that changed a product. In a dry run, of those that would. */
  changed: number;
  /** The number of rows that say what the product is already. */
  unchanged: number;
  /** The number of rows with an error. They were not applied. */
  error_count: number;
  /** The first 500 errors. A list of imports leaves them out. */
  errors?: RowError[];
  /** The reason for which the file could not be read to its end. Present for a failed import. */
  failure?: ImportFailure;
  /** The administrator who created the import. The changes of products are theirs. */
  created_by: Actor;
  /** The time of the creation. */
  created_at: string;
  /** The time at which the first rows were read. */
  started_at?: string;
  /** The time at which the import was completed or failed. */
  ended_at?: string;
  /** The upload of the file. Present in the response of `create-import` as long as the import waits for it. */
  upload?: FileUpload;
}

/** The reason for which a file could not be read to its end. */
export interface ImportFailure {
  /** The reason. */
  reason: runtime.Open<ImportFailureReason>;
  /** The number of the first row that was not read. */
  row: number;
  /** A description of the failure, for people. */
  detail: string;
}

/** The reason for which a file could not be read to its end. */
export type ImportFailureReason = "NOT_UTF8" | "INVALID_HEADER" | "MALFORMED_QUOTES" | "ROW_TOO_LARGE" | "TOO_MANY_ROWS";

/** An import's id, derived from the administrator and the idempotency key. */
export type ImportId = string;

/** A page of a list. */
export interface ImportList {
  items: Import[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The status of an import. */
export type ImportStatus = "WAITING" | "RUNNING" | "COMPLETED" | "FAILED";

/** Units that an order holds or has bought are not available. Correct the stock by at most `available`, or cancel orders first. */
export type InsufficientStockProblem = Problem & {
  /** The available units of the product. */
  available: number;
  type: "urn:madang:problem:insufficient-stock";
  status: 409;
  title: "Fewer units are available than were to be taken away";
};

/** The request failed on our side. Report its id, which `instance` and the header Request-Id have. */
export type InternalProblem = Problem & {
  type: "urn:madang:problem:internal";
  status: 500;
  title: "Internal error";
};

/** A number of units, at most three years: the limit of Stripe's recurring prices (`recurring.interval_count`). */
export interface Interval {
  unit: runtime.Open<Unit>;
  /** The number of units: at most 1,095 days, 156 weeks, 36 months or 3 years. */
  count: number;
}

/** A number of units, at most three years: the limit of Stripe's recurring prices (`recurring.interval_count`). */
export interface IntervalInput {
  unit: Unit;
  /** The number of units: at most 1,095 days, 156 weeks, 36 months or 3 years. */
  count: number;
}

export type InvalidAddressProblem = Problem & {
  /** The name of the field. */
  field: string;
  type: "urn:madang:problem:invalid-address";
  status: 422;
  title: "A part of the address is missing or not possible in its country";
};

/** The change would break a rule of categories: `detail` tells which. Nothing has changed. */
export type InvalidCategoriesProblem = Problem & {
  /** The category, if the rule concerns one. */
  category?: Category;
  type: "urn:madang:problem:invalid-categories";
  status: 422;
  title: "The categories break a rule";
};

export type InvalidCodeRangeProblem = Problem & {
  type: "urn:madang:problem:invalid-code-range";
  status: 422;
  title: "The range of codes is empty, too long, or out of range";
};

export type InvalidContactProblem = Problem & {
  /** The name of the field. */
  field: string;
  type: "urn:madang:problem:invalid-contact";
  status: 422;
  title: "The contact cannot be written to or called";
};

export type InvalidCouponProblem = Problem & {
  /** The field's name. */
  field: string;
  type: "urn:madang:problem:invalid-coupon";
  status: 422;
  title: "A field of a coupon breaks a rule";
};

export type InvalidDeadlineProblem = Problem & {
  type: "urn:madang:problem:invalid-deadline";
  status: 422;
  title: "The deadline is past or too far ahead";
};

/** It is before the order, or in the future. */
export type InvalidDeliveryTimeProblem = Problem & {
  type: "urn:madang:problem:invalid-delivery-time";
  status: 422;
  title: "The time of the delivery is out of range";
};

export type InvalidHoldProblem = Problem & {
  type: "urn:madang:problem:invalid-hold";
  status: 422;
  title: "A hold breaks a rule";
};

export type InvalidIdempotencyKeyProblem = Problem & {
  type: "urn:madang:problem:invalid-idempotency-key";
  status: 400;
  title: "The Idempotency-Key header is missing or invalid";
};

export type InvalidImportProblem = Problem & {
  /** The field's name. */
  field: string;
  type: "urn:madang:problem:invalid-import";
  status: 422;
  title: "The length or the checksum of the file is not allowed";
};

/** The order has no such line, or the line is named twice, has no quantity, or is not shipped. */
export type InvalidLineProblem = Problem & {
  /** The line. */
  line_id: LineId;
  type: "urn:madang:problem:invalid-line";
  status: 422;
  title: "A line is invalid";
};

export type InvalidLinesProblem = Problem & {
  type: "urn:madang:problem:invalid-lines";
  status: 422;
  title: "An order has 1 to 50 lines";
};

export type InvalidMetadataProblem = Problem & {
  type: "urn:madang:problem:invalid-metadata";
  status: 422;
  title: "The metadata has too many notes, or a name or text that is not allowed";
};

export type InvalidParameterProblem = Problem & {
  /** The parameter's name. */
  parameter: string;
  type: "urn:madang:problem:invalid-parameter";
  status: 400;
  title: "A path or query parameter is invalid";
};

/** Nothing was stored. `detail` tells which rule. */
export type InvalidPlanProblem = Problem & {
  /** The section, if the rule concerns one. */
  section?: ZoneCode;
  /** The row of the section, if the rule concerns one. */
  row?: string;
  /** The area, if the rule concerns one. */
  area?: ZoneCode;
  type: "urn:madang:problem:invalid-plan";
  status: 422;
  title: "The seating plan breaks a rule";
};

export type InvalidPriceProblem = Problem & {
  type: "urn:madang:problem:invalid-price";
  status: 422;
  title: "The price is out of range or not a multiple of the price step";
};

export type InvalidProductProblem = Problem & {
  /** The field's name. */
  field: string;
  type: "urn:madang:problem:invalid-product";
  status: 422;
  title: "A product's field is out of range";
};

export type InvalidQuantityProblem = Problem & {
  /** The product of the quantity, if the request has several. */
  sku?: Sku;
  type: "urn:madang:problem:invalid-quantity";
  status: 422;
  title: "A quantity is out of range";
};

export type InvalidRefundProblem = Problem & {
  /** The member with the part: `deduction` or `shipping`. */
  part: string;
  /** The most that it can be. */
  most: Money;
  type: "urn:madang:problem:invalid-refund";
  status: 422;
  title: "A part of the refund is too large";
};

export type InvalidReviewProblem = Problem & {
  type: "urn:madang:problem:invalid-review";
  status: 422;
  title: "A review breaks a rule";
};

/** Nothing was recorded. `detail` tells which rule. */
export type InvalidScansProblem = Problem & {
  type: "urn:madang:problem:invalid-scans";
  status: 422;
  title: "A list of scans breaks a rule";
};

export type InvalidScheduleProblem = Problem & {
  type: "urn:madang:problem:invalid-schedule";
  status: 422;
  title: "The schedule is out of range";
};

export type InvalidShowProblem = Problem & {
  /** The field's name. */
  field: string;
  type: "urn:madang:problem:invalid-show";
  status: 422;
  title: "A field of a venue, performer, performance or showtime breaks a rule";
};

/** Nothing was stored. */
export type InvalidSignatureProblem = Problem & {
  type: "urn:madang:problem:invalid-signature";
  status: 401;
  title: "The signature is missing, wrong or too old";
};

/** `publish-showtime` publishes a draft. A published showtime does not become a draft again. A cancelled showtime stays cancelled. */
export type InvalidStatusChangeProblem = Problem & {
  /** The present status. */
  showtime_status: runtime.Open<ShowtimeStatus>;
  type: "urn:madang:problem:invalid-status-change";
  status: 409;
  title: "The showtime cannot change to this status";
};

export type InvalidTextProblem = Problem & {
  /** The name of the field with the text. */
  field: string;
  type: "urn:madang:problem:invalid-text";
  status: 422;
  title: "A text is empty, too long, or has a character that is not allowed";
};

/** It was not signed with a key of the shop, or a character is wrong. */
export type InvalidTicketCodeProblem = Problem & {
  type: "urn:madang:problem:invalid-ticket-code";
  status: 422;
  title: "This is not the code of a ticket";
};

export type InvalidVoucherProblem = Problem & {
  type: "urn:madang:problem:invalid-voucher";
  status: 422;
  title: "The voucher code is malformed";
};

export type InvalidWaitingRoomProblem = Problem & {
  /** The field's name. */
  field: string;
  type: "urn:madang:problem:invalid-waiting-room";
  status: 422;
  title: "A field of a waiting room breaks a rule";
};

/** The invoice of one period of a subscription. */
export type Invoice = SubscriptionPeriod & {
  /** The customer. */
  customer_id: CustomerId;
  /** The period's date in the schedule's timezone. */
  date: string;
  /** The status of the invoice. */
  status: runtime.Open<InvoiceStatus>;
  /** The items, at the prices of the first attempt. Empty before that. */
  lines: Line[];
  /** The delivery of the period's order. Absent before the first attempt, and if nothing is shipped. */
  shipping?: Shipping;
  /** The price of the period, and its parts. Absent before the first attempt. */
  totals?: Totals;
  /**
   * The coupon of the subscription, and what it takes off. Absent before the first attempt, and if no coupon counts for the
   * period.
   */
  coupon?: InvoiceCoupon;
  /** The number of attempts to charge the card. */
  attempts: number;
  /** The number of declines of the current card. */
  declines: number;
  /** The time of the first decline of the current card. */
  declined_at?: string;
  /** The reason for which the last attempt was declined. */
  failure?: Failure;
  /** The reason for which the delivery is postponed. Present for a postponed invoice. */
  postponed?: Postponed;
  /** The time of the next attempt, or of the next check of the charge in progress. */
  next_try_at?: string;
  /** The order of the period. Present for a paid invoice. */
  order_id?: OrderId;
  /** The payment of the invoice. Present for a paid invoice, unless it costs nothing. */
  payment_id?: PaymentId;
  /** The time at which the invoice was created. */
  created_at: string;
  /** The time at which the invoice became paid or void. */
  closed_at?: string;
};

/** The coupon of an invoice. */
export interface InvoiceCoupon {
  /** The coupon. */
  coupon_id: CouponId;
  /** The customer's claim. */
  coupon_claim_id: CouponClaimId;
  /** The discount by the coupon: the sum of the lines' discounts. 0 if it takes nothing off. */
  discount: Money;
  /**
   * The reason for which the coupon takes nothing off. Absent if it does. Such a charge is none of those that the
   * coupon counts for.
   */
  not_applied?: runtime.Open<NotApplied>;
}

/** A page of a list. */
export interface InvoiceList {
  items: Invoice[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The status of an invoice. */
export type InvoiceStatus = "CHARGING" | "DECLINED" | "POSTPONED" | "PAID" | "VOID";

/** A requested product and quantity. */
export interface Item {
  /** The product's SKU. */
  sku: Sku;
  /** The number of units. Lines of the same product are summed. */
  quantity: number;
}

/** One product or seat of an order. */
export interface Line {
  /** The line's id, unique in the order. It never changes. */
  line_id: LineId;
  /** The kind of thing that the line sells. */
  kind: runtime.Open<LineKind>;
  /** The product's SKU. Absent for a seat. */
  sku?: Sku;
  /** The seat. Absent for a product. */
  seat?: LineSeat;
  /**
   * The name of the product at the time of the order. For a seat: the title of the performance, the local start, the class and
   * the seat, or the area of general admission.
   */
  name: string;
  /** The price of one unit at the time of the order. */
  unit_price: Money;
  /** The number of units that were ordered. */
  quantity: number;
  /** The state of the units. */
  quantities: Quantities;
  /** The discount on the price of all units. Never more than that price. */
  discount: Money;
  /** The shares of the order's coupons in `discount`, in the order in which they apply. Absent for none. */
  coupon_discounts?: CouponDiscount[];
  /** The tax that is added to the price. 0 where prices include it. */
  tax: Money;
  /** The tax rate in percent. Absent if the line is not taxed. */
  tax_rate?: TaxRate;
  /** The part of `total` that is tax, where prices include it. 0 where tax is added. */
  included_tax: Money;
  /** `unit_price` × `quantity` − `discount` + `tax`. */
  total: Money;
  /** The part of `total` whose refund was requested, for units that were cancelled or returned. Absent for none. */
  refunded?: Money;
  /** The part of `total` that is kept as the fee for giving the seat back. Absent for none. */
  cancellation_fee?: Money;
  /** The time of the latest delivery of units. */
  delivered_at?: string;
  /** The points that one unit credits, if the product is points. */
  points?: number;
  /** The package of one unit. Absent for a product that is not shipped. */
  package?: Package;
}

/** The refund that the cancellation of units of a line would make. */
export interface LineCancellation {
  /** The line. */
  line_id: LineId;
  /** The fee for giving the seat back. 0 for none. */
  fee: Money;
  /** The refund for the line. */
  refund: Money;
}

/**
 * A line's id, unique in its order: the position at which the line was added, from 1. It never changes, and no later line
 * gets it.
 */
export type LineId = string;

/** The kind of thing that a line sells. */
export type LineKind = "PRODUCT" | "SEAT";

/** Units of a line of an order. */
export interface LineQuantity {
  /** The line's id in its order. */
  line_id: LineId;
  /** The number of units. */
  quantity: number;
}

export type LineRefundedProblem = Problem & {
  /** The line. */
  line_id: LineId;
  /** The amount that is left to refund of the line. */
  left: Money;
  type: "urn:madang:problem:line-refunded";
  status: 409;
  title: "More would be refunded of a line than it costs";
};

/** The seat that a line sells. */
export interface LineSeat {
  /** The showtime. */
  showtime_id: ShowtimeId;
  /** The seat. */
  seat: SeatId;
  /** The price class at the time of the order. */
  class: ClassCode;
  /** The place, if it is one of general admission. `seat` is then its id, which no customer needs. */
  area?: AreaPlace;
}

/** The phase of a listing, as administrators see it. */
export type ListingPhase = "STEADY" | "FILLING" | "DRAINING" | "CLEARING";

/** The shards of a listing, and how far a change of them is. */
export interface ListingShards {
  /** The listing: `all`, `admin` (all products, for administrators), or a category such as `category:drinks/tea`. */
  listing: string;
  /** The number of its shards, after the change if there is one. */
  shards: ShardCount;
  /** The present phase of the listing. */
  phase: runtime.Open<ListingPhase>;
  /** The number of products that were moved in this phase. */
  moved?: number;
}

/**
 * A date and a time of day to the second, as a clock shows them: exactly `2026-03-07T19:00:00`. An offset or a timezone is
 * refused, since it would say something about the instant.
 */
export type LocalTime = string;

/** The clocks are set back on that date. Send `utc_offset` too. */
export type LocalTimeAmbiguousProblem = Problem & {
  /** Both instants, with the `utc_offset` that names each. */
  choices: OffsetChoice[];
  type: "urn:madang:problem:local-time-ambiguous";
  status: 422;
  title: "The clocks of the venue show this time twice";
};

/** The clocks are set forward over this time on that date. Choose another time. */
export type LocalTimeSkippedProblem = Problem & {
  type: "urn:madang:problem:local-time-skipped";
  status: 422;
  title: "The clocks of the venue never show this time";
};

/** The body is not JSON, or not an object of the described members. `detail` names the place. */
export type MalformedBodyProblem = Problem & {
  type: "urn:madang:problem:malformed-body";
  status: 400;
  title: "The body cannot be read";
};

export type MalformedRequestProblem = Problem & {
  type: "urn:madang:problem:malformed-request";
  status: 400;
  title: "The request cannot be read";
};

/** The quality of a result's match with the text. */
export type MatchQuality = "TITLE" | "PREFIX" | "TEXT" | "SIMILAR";

/** An amount in a currency's minor units (won for KRW, cents for USD), 0 to 10^15. */
export interface Money {
  /** Integer minor units. */
  amount: number;
  /** ISO 4217 code. */
  currency: string;
}

/**
 * An area of general admission of a new plan: a standing area, or seats without numbers. Customers buy places of it, and do not
 * choose which ones.
 */
export interface NewArea {
  /** The area's code. No other area and no section of the plan has it. */
  area: ZoneCode;
  /** The name that customers see, also on their tickets. Text of one line. */
  name: string;
  /** The area's zone. A showtime gives each zone a price class. */
  zone: ZoneCode;
  /** The number of people that the area admits. */
  places: number;
  /** Whether each place has a number, which its ticket says: from 1, in no order of sale. */
  numbered?: boolean;
  /** The corners of the area, for a drawing. Absent, or at least three. */
  outline?: Point[];
}

/** A row of a new plan. */
export interface NewRow {
  /** The row's label. No other row of the section has it. */
  row: string;
  /** The row's zone, if it is not that of its section. */
  zone?: ZoneCode;
  /** The seats between two aisles, from one end of the row to the other. */
  runs: SeatRun[];
  /** Notes on some seats. Each seat is named once. */
  notes?: SeatNote[];
}

/** A section of a new plan, such as the stalls or a block of a balcony. */
export interface NewSection {
  /** The section's code. No other section of the plan has it. */
  section: ZoneCode;
  /** The name that customers see. Text of one line. */
  name: string;
  /** The zone of its rows. A showtime gives each zone a price class. */
  zone: ZoneCode;
  /** The rows, in the order of the seat map, from front to back. */
  rows: NewRow[];
}

/** Rebuild the index instead. */
export type NoPreviousBuildProblem = Problem & {
  type: "urn:madang:problem:no-previous-build";
  status: 409;
  title: "The index has no previous build to roll back to";
};

/** Ask for fewer seats, or for another class. Accessible seats count only if the request asks for them, or no other seat of the class is free. */
export type NoSeatsTogetherProblem = Problem & {
  /** The most seats that `best` would find side by side. */
  together: number;
  type: "urn:madang:problem:no-seats-together";
  status: 409;
  title: "The class has not so many free seats side by side";
};

/** The reason for which a coupon takes nothing off a charge. */
export type NotApplied = "NOT_APPLICABLE" | "MINIMUM_NOT_REACHED" | "CURRENCY_DIFFERS" | "AMOUNT_NOT_TAKEN";

/** Only customers who were checked in, or have a valid ticket where the shop does not scan, review a performance. */
export type NotAttendedProblem = Problem & {
  type: "urn:madang:problem:not-attended";
  status: 409;
  title: "The customer has not attended the performance with this ticket";
};

/** Nothing has changed. */
export type NotCheckedInProblem = Problem & {
  /** The present check-in. Absent if the ticket is not checked in. */
  check_in?: CheckIn;
  type: "urn:madang:problem:not-checked-in";
  status: 409;
  title: "The ticket is not checked in by this scan";
};

export type NotEnoughPointsProblem = Problem & {
  /** The wallet's available points. */
  available: Points;
  type: "urn:madang:problem:not-enough-points";
  status: 402;
  title: "Not enough points";
};

/** Also the answer for an entity that the caller may not see. */
export type NotFoundProblem = Problem & {
  type: "urn:madang:problem:not-found";
  status: 404;
  title: "The resource does not exist";
};

/** No such matter is in review, or the matter does not allow the decision. */
export type NotInReviewProblem = Problem & {
  type: "urn:madang:problem:not-in-review";
  status: 409;
  title: "Nothing is under review";
};

export type NotJoinedProblem = Problem & {
  type: "urn:madang:problem:not-joined";
  status: 409;
  title: "The customer has not joined the waiting room";
};

export type NotNextPeriodProblem = Problem & {
  /** The next period. */
  next_period: number;
  type: "urn:madang:problem:not-next-period";
  status: 409;
  title: "The period is not the next one";
};

export type NotOnSaleProblem = Problem & {
  /** The present status of the showtime. */
  showtime_status: runtime.Open<ShowtimeStatus>;
  /** The time from which seats are sold. */
  sales_start_at: string;
  /** The time from which seats are not sold any more. */
  sales_end_at: string;
  type: "urn:madang:problem:not-on-sale";
  status: 409;
  title: "The seats are not on sale";
};

/** Nothing is left, less than the amount is left, or the payment has reached the limit of refunds. */
export type NotRefundableProblem = Problem & {
  /** The amount that is left to refund, if it is less than the requested one. */
  refundable?: Money;
  type: "urn:madang:problem:not-refundable";
  status: 409;
  title: "The amount cannot be refunded";
};

/** The shop does not deliver to this destination, or the goods are too heavy for one order. */
export type NotShippableProblem = Problem & {
  type: "urn:madang:problem:not-shippable";
  status: 422;
  title: "No shipping method fits the order";
};

/** Wait. Nothing is lost: the place stays, however often it is asked for. */
export type NotYourTurnProblem = Problem & {
  /** The customer's place, from 1. Absent while those who may be before the customer are still joining. */
  place?: number;
  /** The places that may enter: this one and those before it. */
  serving_number: number;
  /** About when it is the customer's turn. Absent without a place, and while the rate is 0. */
  expected_at?: string;
  type: "urn:madang:problem:not-your-turn";
  status: 409;
  title: "It is not the customer's turn yet";
};

export type NothingToTakeProblem = Problem & {
  type: "urn:madang:problem:nothing-to-take";
  status: 409;
  title: "There is no bid to take";
};

/** A scan that admitted without a network. */
export interface OfflineScan {
  /**
   * The key of the scan, such as a UUID, new for each scan of all devices. If it was sent to `check-in-ticket` and not answered, the
   * key of that request.
   */
  key: string;
  /** The code that the scanner read. */
  code: string;
  /** The gate. Text of one line. */
  gate: string;
  /**
   * The time of the scan by the clock of the device. After the correction by `sent_at` it is at most five minutes ahead, and at most
   * 30 days ago.
   */
  scanned_at: string;
}

/** One of two instants with the same local time. */
export interface OffsetChoice {
  /** The offset to send. */
  utc_offset: string;
  /** The instant. */
  starts_at: string;
}

/**
 * The outcome for a coupon when its customer cancels a paid order as a whole.
 *
 * An order that is not paid, or that the shop cancels, gives its coupon back. One of which units are cancelled keeps it. The
 * order of a subscription has none: the subscription keeps its coupon whatever becomes of the order.
 */
export type OnCancellation = "RETURNED" | "KEPT";

/** An open bid. The customer is not disclosed. */
export interface OpenBid {
  /** The bid's price. */
  price: Points;
  /** The time at which the bid was placed. */
  placed_at: string;
  /** The deadline: from this time on the bid cannot be taken. */
  expires_at: string;
}

/** An order, as customers and events see it. */
export interface Order {
  /** The order's id. */
  order_id: OrderId;
  /** The order's number, for people. It is derived from the order's id. */
  number: OrderNumber;
  /** The customer who placed the order. */
  customer_id: CustomerId;
  /** The order's status. */
  status: runtime.Open<OrderStatus>;
  /** The progress of the order's fulfillment. */
  fulfillment_status: runtime.Open<FulfillmentStatus>;
  /** The lines, one for each product or seat. They are neither removed nor reordered. */
  lines: Line[];
  /** The delivery of the order. Absent if nothing is shipped. */
  shipping?: Shipping;
  /** The price of the order, and its parts. */
  totals: Totals;
  /** The coupons that the order redeems, at most one of each class, in the order in which they apply. Absent for none. */
  coupons?: OrderCoupon[];
  /** Notes of the client that places the order, by name. They are in the order's events too, so they must not be secret or personal. */
  metadata?: { [name: string]: string };
  /** The order's name in another system, such as the number of a purchase order. */
  external_reference?: string;
  /** The subscription period that the order delivers. Absent for an order that a customer placed. */
  subscription?: SubscriptionPeriod;
  /** The time of the order. */
  placed_at: string;
  /** The time until which the stock is held without payment. */
  expires_at: string;
  /** The latest payment: started, in progress, or the one that paid the order. Absent for an order that costs nothing. */
  payment_id?: PaymentId;
  /** The time of the payment, once the order is paid. */
  paid_at?: string;
  /** The time of the cancellation or expiry. */
  closed_at?: string;
}

export type OrderClosedProblem = Problem & {
  /** The order's status. */
  order_status?: runtime.Open<OrderStatus>;
  type: "urn:madang:problem:order-closed";
  status: 409;
  title: "The order is closed";
};

/** A coupon that an order redeems. */
export interface OrderCoupon {
  /** The coupon. */
  coupon_id: CouponId;
  /** The customer's claim. */
  coupon_claim_id: CouponClaimId;
  /** The coupon's class. An order has one coupon of each class. */
  class: runtime.Open<CouponClass>;
  /** The discount by the coupon: the sum of its shares in the lines. */
  discount: Money;
  /** The outcome for the coupon when the customer cancels the paid order. */
  on_cancellation: runtime.Open<OnCancellation>;
  /** The time at which the customer got the coupon back. Absent while the order has it. */
  returned_at?: string;
}

/** An order's id. Derived from the customer and the idempotency key. */
export type OrderId = string;

/** A page of a list. */
export interface OrderList {
  items: Order[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

export type OrderNotPaidProblem = Problem & {
  /** The order's status. */
  order_status: runtime.Open<OrderStatus>;
  type: "urn:madang:problem:order-not-paid";
  status: 409;
  title: "The order is not paid";
};

/**
 * The number of an order, for people: two groups of five characters, such as `7K3QM-2T9XN`.
 *
 * The first nine characters are 45 bits of the order's id, the last one is a check character. So a number needs no
 * counter, and neither how many orders there are nor the next number can be guessed. It is a name and not a key: among a
 * million orders two share a number with a probability of 1.4 %, among ten million one or two pairs do. The order's id is
 * unique.
 */
export type OrderNumber = string;

/** The present price of an order of the items. */
export interface OrderQuote {
  /** The lines, one for each product. */
  lines: Line[];
  /** The delivery of the order. Absent if nothing is shipped. */
  shipping?: Shipping;
  /** The coupons, in the order in which they apply. Absent for none. */
  coupons?: OrderCoupon[];
  /** The price of the order, and its parts. Send `total` as `expected_total` of the checkout. */
  totals: Totals;
  /** The shipping methods that fit the order, in the shop's order of preference. Empty if nothing is shipped. */
  shipping_methods: ShippingMethod[];
}

/** An order that was found by a name. */
export interface OrderSearchResult {
  /** The name of the contact, or of the recipient of an order without a contact. */
  name: string;
  /** The parts of the name that match. Empty if the text is in the e-mail address or in the name of another recipient. */
  highlights: Highlight[];
  /** The order as it is now. */
  order: Order;
}

/** A page of orders that were found by a name. */
export interface OrderSearchResults {
  /** The orders. */
  items: OrderSearchResult[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** Cancel by line what is not shipped. */
export type OrderShippedProblem = Problem & {
  /** The units of each line that can still be cancelled. */
  cancellable: LineQuantity[];
  type: "urn:madang:problem:order-shipped";
  status: 409;
  title: "A part of the order is shipped";
};

/** The status of an order. */
export type OrderStatus = "PENDING_PAYMENT" | "PAYING" | "PAID" | "CANCELLED" | "EXPIRED";

export type OtherShowtimeProblem = Problem & {
  /** The showtime of the ticket. */
  showtime_id: ShowtimeId;
  type: "urn:madang:problem:other-showtime";
  status: 409;
  title: "The ticket is for another showtime";
};

export type OutOfStockProblem = Problem & {
  /** Each product that has too few units. */
  shortages: Shortage[];
  type: "urn:madang:problem:out-of-stock";
  status: 409;
  title: "Not enough stock";
};

/** The outcome of a message. */
export type Outcome = "ENTERED" | "IGNORED" | "FORWARDED";

export type OwnBidProblem = Problem & {
  type: "urn:madang:problem:own-bid";
  status: 422;
  title: "The only bids are the caller's own";
};

/** The caller's review of a performance. */
export interface OwnPerformanceReview {
  /** The review's id. */
  performance_review_id: PerformanceReviewId;
  /** The performance. */
  performance_id: PerformanceId;
  /** The showtime that the caller has attended. */
  showtime_id: ShowtimeId;
  /** The caller's ticket. */
  ticket_id: TicketId;
  /** The stars, from 1 to 5. */
  stars: number;
  /** The text. */
  text?: string;
  /** Whether everybody sees it. */
  status: runtime.Open<PerformanceReviewStatus>;
  /** The reason for which an administrator has hidden the review. Absent if it is not hidden. */
  hidden_reason?: runtime.Open<HiddenReason>;
  /** The time from which it cannot be edited. */
  editable_until: string;
  /** The time at which it was written. */
  created_at: string;
  /** The time of the last change. */
  updated_at: string;
}

/** A ticket of the caller. */
export interface OwnTicket {
  /** The ticket's id. */
  ticket_id: TicketId;
  /** The order that bought it. Only its customer sees the order. */
  order_id: OrderId;
  /** The line of the order. */
  line_id: LineId;
  /** The showtime. */
  showtime_id: ShowtimeId;
  /** The start of the showtime. */
  starts_at: string;
  /** The start for which the ticket was issued, if the showtime has moved since. */
  moved_from?: string;
  /** The seat, or the id of the place of general admission, which says nothing to people. */
  seat: SeatId;
  /** The place of general admission. Absent for a seat. */
  area?: AreaPlace;
  /** The price class. */
  class: ClassCode;
  /** The title of the performance, the local start, the class and the seat or area, as they were when the seat was held. */
  name: string;
  /** Whether it admits its holder. */
  status: runtime.Open<TicketStatus>;
  /** The number of the code, from 1. A code with an earlier number does not admit. */
  issue: number;
  /** Whether somebody else bought it. Only the buyer can give its seat back for money, and only while they hold the ticket. */
  is_received: boolean;
  /** The number of times that the ticket has changed hands. */
  transfers: number;
  /** The latest offer to somebody else that was not accepted, replaced or taken back. It may have expired. */
  transfer_offer_id?: TransferOfferId;
  /** The time from which that offer cannot be accepted. */
  offered_until?: string;
  /**
   * The code to show at the door, also as a QR code at `/tickets/{ticket_id}/qr`. Anybody who has it can use the ticket.
   * Absent in lists, and if the ticket is void.
   */
  code?: string;
  /** The time of the check-in. Absent until it is checked in. */
  checked_in_at?: string;
  /** The time of the issue. */
  issued_at: string;
  /** The time at which it became void. */
  voided_at?: string;
}

/** A page of a list. */
export interface OwnTicketList {
  items: OwnTicket[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** An offer is for somebody else. To keep the ticket, delete the offer. */
export type OwnTicketProblem = Problem & {
  type: "urn:madang:problem:own-ticket";
  status: 409;
  title: "The customer holds the ticket already";
};

/** The package of one unit of a product that is shipped. */
export interface Package {
  /** The weight of one unit with its packaging, in grams. */
  weight_grams: number;
}

/** A payment, as customers and events see it. */
export interface Payment {
  /** The payment's id. Derived from the provider and its reference. */
  payment_id: PaymentId;
  /** The order to pay. */
  order_id: OrderId;
  /** The customer of the order. */
  customer_id: CustomerId;
  /** The payment provider. */
  provider: runtime.Open<Provider>;
  /** The provider's reference: Toss's `paymentKey`, Stripe's PaymentIntent, KakaoPay's `tid`. */
  reference: string;
  /** The payment's status. */
  status: runtime.Open<PaymentStatus>;
  /** The amount to charge; after the charge, the charged amount. */
  amount: Money;
  /** The refunded sum. */
  refunded: Money;
  /** The sum that the customer's bank took back, at most what was not refunded. Absent if it took nothing. */
  withdrawn?: Money;
  /** The refunds, made or requested. */
  refunds: Refund[];
  /** The provider's ids of the refunds that failed. Each failure is recorded once, however often it is reported. */
  failed_refunds?: string[];
  /** The disputes of the customer's bank. */
  disputes?: Dispute[];
  /** The reversal, if the customer's bank took the payment back without a dispute. */
  reversal?: Reversal;
  /** The reason, if the payment failed. */
  failure?: Failure;
  /** The account for the deposit, if the customer pays by deposit. */
  deposit?: DepositAccount;
  /** The matters that an administrator must decide. Absent if there are none. */
  reviews?: Review[];
  /** The matters that were decided, the oldest first. */
  decided?: DecidedReview[];
  /** The time when the payment was started. */
  created_at: string;
  /** The time at which the provider's confirmation of the charge arrived. */
  paid_at?: string;
  /** The provider's time of the charge, if its report has one: a report of an older failure is ignored. */
  charged_at?: string;
  /**
   * The provider's time of the latest reported failure, if its report has one: an older report of a charge contradicts
   * it.
   */
  failed_at?: string;
}

/** An administrator's decision about a matter in review. */
export type PaymentDecision = PaymentDecisionAskAgain | PaymentDecisionCharged | PaymentDecisionNotCharged | PaymentDecisionGivenBack | PaymentDecisionTakenBack | PaymentDecisionSettled;

/** Query the provider, or request the refund, again. */
export interface PaymentDecisionAskAgain {
  /** The matter. */
  review_id: string;
  decision: "ASK_AGAIN";
}

/** The payment was charged, and the shop has the money. */
export interface PaymentDecisionCharged {
  /** The matter. */
  review_id: string;
  /** The charged amount, if it is not the recorded one. */
  amount?: Money;
  decision: "CHARGED";
}

/** The owed amount was given back by hand, outside of the provider. */
export interface PaymentDecisionGivenBack {
  /** The matter. */
  review_id: string;
  /** The returned amount. It must equal `owed` of the matter. */
  amount: Money;
  decision: "GIVEN_BACK";
}

/** The payment was not charged, and will not be. */
export interface PaymentDecisionNotCharged {
  /** The matter. */
  review_id: string;
  decision: "NOT_CHARGED";
}

/** The payment is correct as recorded. A refund that the customer did not get is not owed. */
export interface PaymentDecisionSettled {
  /** The matter. */
  review_id: string;
  decision: "SETTLED";
}

/** The customer's bank or the provider took this amount back. */
export interface PaymentDecisionTakenBack {
  /** The matter. */
  review_id: string;
  /** The amount that was taken back. */
  amount: Money;
  decision: "TAKEN_BACK";
}

/** A payment's id, derived from the provider and the provider's reference: a webhook finds the payment without an index. */
export type PaymentId = string;

/** Try again later. */
export type PaymentInReviewProblem = Problem & {
  type: "urn:madang:problem:payment-in-review";
  status: 409;
  title: "The payment is under review";
};

export type PaymentMismatchProblem = Problem & {
  type: "urn:madang:problem:payment-mismatch";
  status: 422;
  title: "The payment does not belong to the order";
};

/** Cancel what is not shipped of the order. */
export type PaymentNotKeptProblem = Problem & {
  type: "urn:madang:problem:payment-not-kept";
  status: 409;
  title: "The payment of the order was refunded or taken back";
};

/** The provider refused the payment or the card. Nothing was charged, and another attempt can be made. */
export type PaymentRefusedProblem = Problem & {
  /** The provider's code. */
  provider_code: string;
  /**
   * With the code `authentication_required`: let the cardholder authenticate with it, then send the same request
   * again.
   */
  client_secret?: string;
  type: "urn:madang:problem:payment-refused";
  status: 402;
  title: "The payment was refused";
};

/** The status of a payment. */
export type PaymentStatus = "STARTED" | "CONFIRMING" | "UNKNOWN" | "AWAITING_DEPOSIT" | "FAILED" | "PAID" | "UNSERVABLE" | "REFUNDED" | "REVERSED";

/** The provider is being called. Try again in a minute. */
export type PaymentUnderWayProblem = Problem & {
  type: "urn:madang:problem:payment-under-way";
  status: 409;
  title: "A payment is under way";
};

/** The payment is refunded automatically. */
export type PaymentUnservableProblem = Problem & {
  type: "urn:madang:problem:payment-unservable";
  status: 409;
  title: "The payment was charged, but the order cannot be fulfilled";
};

/** A performance. */
export interface Performance {
  /** The performance's id. */
  performance_id: PerformanceId;
  /** The text that customers read, by language. */
  titles: { [name: string]: string };
  /** The text that customers read, by language. */
  descriptions?: { [name: string]: string };
  /** Whether customers see it. */
  status: runtime.Open<PerformanceStatus>;
  /** The cast. */
  cast: CastMember[];
  /** The length in minutes, with breaks. */
  duration_minutes?: number;
  /** The age from which visitors are admitted. */
  age_limit?: number;
  /** The most seats that a customer can have at one showtime. */
  max_seats: number;
  /** The posters, main poster first. */
  posters: ImageId[];
  /** The time from which new showtimes are sold. */
  on_sale_at?: string;
  /** The tax class of tickets. */
  tax_class?: runtime.Open<TaxClass>;
  /** The fees that a customer pays for giving a ticket back. */
  refund_policy: RefundPolicy;
  /** The time at which it was deleted. It is a draft then, without cast, descriptions and posters, and does not change any more. */
  deleted_at?: string;
  /** The time of the creation. */
  created_at: string;
  /** The time of the last change. */
  updated_at: string;
}

/** Customers see them, and their performance with them. */
export type PerformanceHasShowtimesProblem = Problem & {
  type: "urn:madang:problem:performance-has-showtimes";
  status: 409;
  title: "The performance has published showtimes that are not over";
};

/** A performance's id, derived from the administrator and the idempotency key. */
export type PerformanceId = string;

/** A page of a list. */
export interface PerformanceList {
  items: Performance[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** Set its status to `LISTED` first. */
export type PerformanceNotListedProblem = Problem & {
  type: "urn:madang:problem:performance-not-listed";
  status: 409;
  title: "The performance of the showtime is a draft";
};

/** A review of a performance, as administrators see it. */
export interface PerformanceReview {
  /** The review's id. */
  performance_review_id: PerformanceReviewId;
  /** The performance. */
  performance_id: PerformanceId;
  /** The customer who wrote the review. */
  customer_id: CustomerId;
  /** The showtime that the author has attended. */
  showtime_id: ShowtimeId;
  /** The author's ticket. */
  ticket_id: TicketId;
  /** The stars, from 1 to 5. */
  stars: number;
  /** The text, of several lines. It is not markup: escape it when you show it. */
  text?: string;
  /** Whether everybody sees it. */
  status: runtime.Open<PerformanceReviewStatus>;
  /** The reason for which the review is hidden. Absent if it is not. */
  hidden_reason?: runtime.Open<HiddenReason>;
  /** The time at which it was written. */
  created_at: string;
  /** The time of the last change. */
  updated_at: string;
}

/** A review's id, derived from the performance and the customer, who has one review of it at most. */
export type PerformanceReviewId = string;

/** A page of a list. */
export interface PerformanceReviewList {
  items: PerformanceReview[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** Whether everybody sees a review. */
export type PerformanceReviewStatus = "VISIBLE" | "HIDDEN" | "DELETED";

/** Whether customers see a performance. */
export type PerformanceStatus = "DRAFT" | "LISTED";

/** A performer. */
export interface Performer {
  /** The performer's id. */
  performer_id: PerformerId;
  /** The text that customers read, by language. */
  names: { [name: string]: string };
  /** The text that customers read, by language. */
  biographies?: { [name: string]: string };
  /** The portrait. */
  image?: ImageId;
  /** The time of the creation. */
  created_at: string;
  /** The time of the last change. */
  updated_at: string;
}

/** A performer's id, derived from the administrator and the idempotency key. */
export type PerformerId = string;

/** A page of a list. */
export interface PerformerList {
  items: Performer[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** An erasure of a customer's personal data. */
export interface PersonalDataErasure {
  /** The customer. */
  customer_id: CustomerId;
  /**
   * Whether there were addresses or contacts to erase. False if the customer has never given any, or they were erased
   * before.
   */
  had_personal_data: boolean;
  /** The time of the erasure. Subscriptions that were started until then, or in the minute after it, are cancelled soon after. */
  erased_at: string;
}

/** A bid to place. */
export interface PlaceBidRequest {
  /** Whether to buy or to sell. */
  side: Side;
  /** The highest price to pay, or the lowest to accept, in points: a multiple of 100. */
  price: number;
  /** The deadline of the bid: in the future and at most 90 days ahead. */
  expires_at: string;
  /** The voucher to sell. Required to sell, not allowed to buy. */
  voucher_id?: VoucherId;
}

/** A seating plan. It never changes. */
export interface Plan {
  /** The plan's id. */
  plan_id: PlanId;
  /** The venue. */
  venue_id: VenueId;
  /** The plan's name. */
  name: string;
  /** The point that everybody looks at. Absent if the plan has none. */
  focus?: Point;
  /** The number of seats and of places of general admission. */
  seats: number;
  /** The zones, in the order of their numbers. */
  zones: ZoneSeats[];
  /** The sections, in the order of the seat map. */
  sections: PlanSection[];
  /** The areas of general admission. Absent without any. */
  areas?: PlanArea[];
  /** Names the list of all rows, from which a showtime gets its seats. */
  layout: Digest;
  /** The time of the creation. */
  created_at: string;
}

/** An area of general admission of a seating plan. */
export interface PlanArea {
  /** The area's code. */
  area: ZoneCode;
  /** The name that customers see. */
  name: string;
  /** The area's zone, which has a price class in each showtime. */
  zone: ZoneCode;
  /** The number of people that the area admits. */
  places: number;
  /** Whether each place has a number. */
  numbered: boolean;
  /** The first number of the ids of its first places. An area of more than 588 places has the numbers after it too. */
  part: number;
  /** The corners of the area, for a drawing. Absent if it has none. */
  outline?: Point[];
}

/** A seating plan's id, derived from the administrator and the idempotency key. */
export type PlanId = string;

/** A page of a list. */
export interface PlanList {
  items: Plan[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** A section of a seating plan. */
export interface PlanSection {
  /** The section's code. */
  section: ZoneCode;
  /** The name that customers see. */
  name: string;
  /** The number of its seats. */
  seats: number;
  /** Names its seats with their places: `GET /section-tiles/{digest}`. */
  tile: Digest;
}

/** A point in the plan, in centimetres. */
export interface Point {
  /** To the right. */
  x: number;
  /** Down. */
  y: number;
}

/** A number of points, 0 to 10^15, which every JSON parser reads exactly (RFC 8259 §6: below 2^53). */
export type Points = number;

/** The points that the order bought are spent or held by a bid. */
export type PointsSpentProblem = Problem & {
  type: "urn:madang:problem:points-spent";
  status: 409;
  title: "The order's points are spent";
};

/** The reason for which a delivery is postponed. */
export interface Postponed {
  /** The problem code of a checkout of the same items, such as `out-of-stock` or `product-unavailable`. */
  code: string;
  /** An explanation, for people. */
  detail: string;
  /** The unavailable products, if products are the reason. */
  skus: Sku[];
}

/** Somebody has changed it since it was read. Read it again, and change what is there now. */
export type PreconditionFailedProblem = Problem & {
  type: "urn:madang:problem:precondition-failed";
  status: 412;
  title: "The resource has changed since it was read";
};

/** Send the `ETag` of the resource as it was read. */
export type PreconditionRequiredProblem = Problem & {
  type: "urn:madang:problem:precondition-required";
  status: 428;
  title: "The If-Match header is missing";
};

/** An image to upload. */
export interface PresignUploadRequest {
  /** The media type: `image/jpeg`, `image/png`, `image/webp`, `image/gif`, `image/bmp` or `image/tiff`. */
  content_type: string;
  /** The file's size in bytes. */
  content_length: number;
  /** The file's SHA-256 in base64. If present, S3 accepts only these bytes. */
  checksum_sha256?: string;
  /** The purpose of the image. */
  purpose: ImagePurpose;
  /** Another image of the caller, which is deleted when this one is ready. */
  replaces?: ImageId;
}

/** The price of the seats in some zones of the plan. */
export interface PriceClass {
  /** The class. */
  class: ClassCode;
  /** The price of one seat. */
  price: Money;
  /** The zones of the plan whose seats are in this class. */
  zones: ZoneCode[];
}

export type PriceDiffersProblem = Problem & {
  /** The best price now. */
  best: Points;
  type: "urn:madang:problem:price-differs";
  status: 409;
  title: "The best price is worse than the expected one";
};

/** Problem details, as `application/problem+json` (RFC 9457). */
export interface Problem {
  /** `urn:madang:problem:` and the stable code. Compare this field in programs, and no other. */
  type: string;
  /** A short description of the type. It is the same for each occurrence. */
  title: string;
  /** The HTTP status code. */
  status: number;
  /** A description of this occurrence. */
  detail: string;
  /**
   * This occurrence: `urn:madang:request:` and the id of the request, which the header `Request-Id` has too. The logs
   * have it.
   */
  instance: string;
}

/** A product of the catalog, as administrators and events see it. */
export interface Product {
  /** The stock-keeping unit. */
  sku: Sku;
  /** The name that shoppers see. */
  name: string;
  /** The description that shoppers see. Text of several lines. */
  description?: string;
  /** The brand. */
  brand?: string;
  /** The categories, main category first. */
  categories: Category[];
  /** Facts that shoppers see, by name, such as the weight. */
  attributes: { [name: string]: string };
  /** Notes of administrators, by name. Nobody else sees them. */
  metadata?: { [name: string]: string };
  /** The price of one unit, outside of a sale. */
  price: Money;
  /** Whether the product is for sale. */
  status: runtime.Open<ProductStatus>;
  /** The time from which a `LISTED` product is visible and for sale. Absent: at once. */
  list_at?: string;
  /** The time from which a `LISTED` product is neither visible nor for sale. Absent: never. */
  unlist_at?: string;
  /** A lower price for some time. */
  sale?: Sale;
  /** The time at which the product is listed for the first time. Once reached, it never changes. */
  first_listed_at?: string;
  /** The points that one unit adds to the buyer's wallet. Only for products that sell points. */
  points?: number;
  /** The package of one unit. Absent for a product that is not shipped, such as points. */
  package?: Package;
  /** The tax class of the product. */
  tax_class?: runtime.Open<TaxClass>;
  /** The product's images, main image first. */
  images: ImageId[];
  /** The available units below which the stock is low. Nobody but administrators sees it. */
  low_stock_threshold?: number;
  /** The number of shards of the stock. */
  stock_shards: ShardCount;
  /** The number of changes, from 1. */
  version: number;
  /** The administrator who made the last change. */
  updated_by: Actor;
  /** The time of the last change. */
  updated_at: string;
}

/** A product in a list. */
export interface ProductCard {
  /** The stock-keeping unit. */
  sku: Sku;
  /** The name. */
  name: string;
  /** The brand. */
  brand?: string;
  /** The main image. */
  image?: ImageId;
  /** The regular price of one unit. */
  price: Money;
  /** The price of one unit now: that of a sale while it runs. Lists by price are sorted by it. */
  current_price: Money;
  /** Whether no unit is available. */
  sold_out: boolean;
  /** Whether the product is for sale. Only administrators see others than `LISTED`. */
  status: runtime.Open<ProductStatus>;
  /** The time of the first listing. Absent for a product that was never listed. */
  first_listed_at?: string;
  /** The time of the last change of the product. */
  updated_at: string;
}

/** Change it with `update-product`. */
export type ProductExistsProblem = Problem & {
  type: "urn:madang:problem:product-exists";
  status: 409;
  title: "There is a product with this SKU";
};

/** A page of products. */
export interface ProductList {
  /** The products. */
  items: ProductCard[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
  /** The approximate number of products in the whole list, in any currency. Absent while it is not known. */
  approximate_count?: number;
}

/** The part of a product that a search shows. */
export interface ProductResult {
  /** The product. */
  sku: Sku;
  /** The brand. */
  brand?: string;
  /** The main image. */
  image?: ImageId;
  /** The price of one unit, without a sale. */
  price: Money;
  /** The price of one unit that a buyer pays now. */
  current_price: Money;
  /**
   * The time from which the product is no longer shown. A search compares it with the clock, since the index follows
   * a schedule some time later.
   */
  hidden_at?: string;
}

/** Whether a product is for sale. */
export type ProductStatus = "DRAFT" | "LISTED" | "UNLISTED";

export type ProductUnavailableProblem = Problem & {
  /** The product, if the request has several. */
  sku?: Sku;
  type: "urn:madang:problem:product-unavailable";
  status: 422;
  title: "A product is unknown or not listed";
};

/** A product as everybody sees it, and its stock. */
export interface ProductView {
  /** The stock-keeping unit. */
  sku: Sku;
  /** The name. */
  name: string;
  /** The description. Text of several lines. */
  description?: string;
  /** The brand. */
  brand?: string;
  /** The categories, main category first. */
  categories: Category[];
  /** Facts that shoppers see, by name, such as the weight. */
  attributes: { [name: string]: string };
  /** The regular price of one unit. */
  price: Money;
  /** The price of one unit now: that of the sale while it runs. */
  current_price: Money;
  /** The sale, while it runs. */
  sale?: Sale;
  /** Whether the product is for sale. */
  status: runtime.Open<ProductStatus>;
  /** The points that one unit adds to the buyer's wallet. Only for products that sell points. */
  points?: number;
  /** The package of one unit. Absent for a product that is not shipped. */
  package?: Package;
  /** The tax class of the product. */
  tax_class?: runtime.Open<TaxClass>;
  /** The product's images, main image first. */
  images: ImageId[];
  /** Units in stock, summed over all shards. */
  available: number;
  /** The time of the last change of the product. */
  updated_at: string;
}

/** A payment provider. */
export type Provider = "TOSS" | "STRIPE" | "KAKAOPAY" | "STANDARD";

export type ProviderNotConfiguredProblem = Problem & {
  type: "urn:madang:problem:provider-not-configured";
  status: 422;
  title: "The payment provider is not set up";
};

/** A review as everybody sees it, without its author. */
export interface PublicPerformanceReview {
  /** The review's id. */
  performance_review_id: PerformanceReviewId;
  /** The stars, from 1 to 5. */
  stars: number;
  /** The text. It is not markup: escape it when you show it. */
  text?: string;
  /** Whether the author's ticket is valid. False once it was refunded. */
  is_verified: boolean;
  /** The time at which it was written. */
  created_at: string;
  /** The time of the last change. */
  updated_at: string;
}

/** A page of reviews, and the rating of the performance. */
export interface PublicPerformanceReviewList {
  /** The rating by all visible reviews, on every page. */
  rating: Rating;
  /** The reviews. */
  items: PublicPerformanceReview[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** A public key. */
export interface PublicTicketKey {
  /** The number of the key: the second byte of a code. */
  number: number;
  /** The Ed25519 key (RFC 8032): 32 bytes in base64. */
  public_key: string;
}

/** The terms on which a showtime is published. */
export interface PublishShowtimeRequest {
  /** The status of the published showtime. */
  status?: PublishedStatus;
}

/** The status of a published showtime. */
export type PublishedStatus = "ON_SALE" | "CLOSED";

/** The state of the units of a line. A number that is absent is 0. */
export interface Quantities {
  /** The units that were ordered. */
  ordered: number;
  /** The units that were cancelled. They are never shipped. */
  cancelled?: number;
  /** The units that were shipped, with those that were delivered since. */
  shipped?: number;
  /** The units of lost parcels that are to be shipped again or cancelled. */
  lost?: number;
  /** The units of lost parcels that were shipped again or cancelled. They are gone from the stock. */
  written_off?: number;
  /**
   * The units that the customer has beside those that were ordered: of lost parcels that turned up after their units were shipped
   * again or cancelled. A parcel under way that is lost then leaves the customer with these.
   */
  surplus?: number;
  /** The units that were delivered, with those that were returned since. */
  delivered?: number;
  /** The units in returns that were requested and are not received yet. */
  returning?: number;
  /** The units that were returned and received. */
  returned?: number;
}

/** A rate from a time on, until the next one. */
export interface RateSegment {
  /** The time from which it counts. */
  from: string;
  /** The people a minute. 0: nobody. */
  rate_per_minute: number;
}

/** The summary of the visible reviews of a performance. */
export interface Rating {
  /** The number of reviews that give 1, 2, 3, 4 and 5 stars. */
  stars: number[];
  /** The number of reviews. */
  count: number;
  /** The mean of their stars, to two digits. Absent without reviews. */
  mean?: number;
}

/** The progress of a rebuild. */
export interface RebuildProgress {
  /** The rebuild. */
  rebuild_id: string;
  /** The time at which the rebuild was requested. */
  started_at: string;
  /** The entities that were read so far. */
  read: number;
}

/** The receipt of a paid order. */
export interface Receipt {
  /** The order's id. */
  order_id: OrderId;
  /** The order's number. */
  number: OrderNumber;
  /** The business that sold the order. */
  seller: Seller;
  /** The time of the order. */
  placed_at: string;
  /** The time of the payment. */
  paid_at: string;
  /** The time of the cancellation, if the order was cancelled. */
  cancelled_at?: string;
  /** The lines of the order. */
  lines: Line[];
  /** The delivery. Absent if nothing is shipped. */
  shipping?: Shipping;
  /** The price of the order, and its parts. */
  totals: Totals;
  /** The net price and the tax by rate, the highest rate first. They add up to `totals.total`, also if units were refunded. */
  taxes: TaxOfRate[];
  /** The payment. Absent for an order that cost nothing. */
  payment?: ReceiptPayment;
}

/** The payment of an order. */
export interface ReceiptPayment {
  /** The payment provider. */
  provider: runtime.Open<Provider>;
  /** The charged amount. */
  amount: Money;
  /** The amount that was refunded of the payment. */
  refunded: Money;
}

/** Units of a return that arrived. */
export interface ReceiveReturnRequest {
  /** The units, each line once. Missing units count as kept by the customer. */
  lines: ReceivedUnits[];
}

/** Received units of a line. */
export interface ReceivedUnits {
  /** The line's id in its order. */
  line_id: LineId;
  /** The units that are for sale again. */
  restock: number;
  /** The units that cannot be sold. */
  write_off: number;
}

/** A refund. */
export interface Refund {
  /** The refund's id. Derived from its cause. */
  refund_id: string;
  /** The amount. For a refused or failed refund, what is left of it: reduced by what was refunded since. */
  amount: Money;
  /**
   * The part of the amount that is known to be untaxed: of the units and the delivery that the refund is for, and of the refunds
   * that it replaces. Absent if nothing is known.
   */
  untaxed?: Money;
  /** The reason. */
  reason: runtime.Open<RefundReason>;
  /** The note of the administrator who requested it. */
  note?: string;
  /** The refund's status. */
  status: runtime.Open<RefundStatus>;
  /** Whether an administrator gave the amount back by hand, outside of the provider. */
  by_hand?: boolean;
  /** The provider's id of a failed refund. */
  reference?: string;
  /**
   * The administrator who requested the refund, or gave the money back by hand. Absent if it was made at the
   * provider, and for customers.
   */
  requested_by?: Actor;
  /** The time of the request, or when a refund made at the provider was found. */
  requested_at: string;
  /** The time at which the provider's confirmation arrived. */
  done_at?: string;
  /** The time at which the report of the refund's failure arrived. */
  failed_at?: string;
}

/** Show the customer the new refund, then send it. */
export type RefundDiffersProblem = Problem & {
  /** The refund now. */
  refund: Money;
  type: "urn:madang:problem:refund-differs";
  status: 409;
  title: "The refund differs from the expected one";
};

/**
 * The fees that a customer pays for giving a ticket back. Days are calendar days in the time zone of the venue. An
 * order keeps the policy of its time. The law of the shop's country may limit the fees, and take tickets back that the
 * policy does not.
 */
export interface RefundPolicy {
  /**
   * The days after the booking in which a ticket is given back free of charge, until `free_days_before` days before the show. 0 for
   * none.
   */
  free_days?: number;
  /** The last day on which `free_days` applies, in days before the show. */
  free_days_before?: number;
  /**
   * The fees, the earliest first: `days_before` falls, `percent` does not. After the last step no ticket is taken back. All
   * highest fees have one currency.
   */
  steps: RefundStep[];
}

/** The reason for a refund. */
export type RefundReason = "ORDER_CANCELLED" | "LINES_CANCELLED" | "RETURNED" | "DELIVERY" | "UNSERVABLE" | "REQUESTED" | "ELSEWHERE";

/** The refund of a return. */
export interface RefundReturnRequest {
  /**
   * The amount that is refunded of the price of the delivery, at most the rest of it. Default: all that is left, if the goods were
   * damaged, defective, wrong or not as described, or if no unit with a package is left; otherwise nothing.
   */
  shipping?: Money;
  /** The amount that the shop keeps of the price of the units, such as for wear. Default: nothing. */
  deduction?: Deduction;
}

/** The status of a refund. */
export type RefundStatus = "PENDING" | "DONE" | "REFUSED" | "FAILED" | "WAIVED" | "SUPERSEDED";

/** The fee from some day before the show on. */
export interface RefundStep {
  /** The last day of the step, in days before the show. 0 is the day of the show. */
  days_before: number;
  /** The fee in percent of the price paid for the ticket, rounded down. */
  percent: number;
  /** The highest fee. It does not fall from step to step, and a step after one without it has none. */
  at_most?: Money;
}

/** Try again later. */
export type RefundUnderWayProblem = Problem & {
  type: "urn:madang:problem:refund-under-way";
  status: 409;
  title: "Another refund is under way";
};

/** A region of a country, such as a state: an ISO 3166-2 code without the country. */
export type Region = string;

/** A voucher to register. */
export interface RegisterVoucherRequest {
  /** The product. */
  sku: Sku;
  /** The code that redeems the voucher: 8 to 64 letters and digits, with hyphens and spaces anywhere between them. */
  code: string;
}

/** A refund request. */
export interface RequestRefundRequest {
  /** The amount. Default: the whole refundable amount; with `delivery`, what is left of the price of the delivery. */
  amount?: Money;
  /**
   * Whether the amount is of the price of the delivery. Then it is at most what is left of that price, and the order counts it:
   * nothing gives the same price back once more.
   */
  delivery?: boolean;
  /** An internal note. Customers do not see it. Text of several lines. */
  note?: string;
}

/** Units to return. */
export interface RequestReturnRequest {
  /** The units, each line once. */
  lines: LineQuantity[];
  /** The reason. */
  reason: ReturnReason;
  /**
   * A note for the shop, such as what is wrong with the goods. It stays after an erasure of personal data, so it should have
   * none. Text of several lines.
   */
  note?: string;
}

/** A listing and the number of its shards. */
export interface ReshardListingRequest {
  /** The listing: `all`, `admin` (all products, for administrators), or a category such as `category:drinks/tea`. */
  listing: string;
  /** The number of its shards. With the present number, its rows are only written anew. */
  shards: ShardCount;
}

/** Wait until the listing's phase is `STEADY`. `reshard-listing` with the key of the earlier request tells the phase. */
export type ReshardingInProgressProblem = Problem & {
  /** The present phase of the listing. */
  phase: runtime.Open<ListingPhase>;
  type: "urn:madang:problem:resharding-in-progress";
  status: 409;
  title: "The listing's shards are being changed already";
};

/** A return, as customers see it. Events have it without the notes. */
export interface Return {
  /** The return's id. */
  return_id: ReturnId;
  /** The order. */
  order_id: OrderId;
  /** The customer of the order. */
  customer_id: CustomerId;
  /** The return's status. */
  status: runtime.Open<ReturnStatus>;
  /** The customer's reason. */
  reason: runtime.Open<ReturnReason>;
  /** The customer's note. */
  note?: string;
  /** The units, each line once. */
  lines: ReturnLine[];
  /** The time of the request. */
  requested_at: string;
  /** The time until which the shop decides: the end of the third business day after the request. */
  decision_due_at?: string;
  /** The shop's note about its decision. */
  decision_note?: string;
  /** The time of the decision, or at which the return was refused because its units had not arrived. */
  decided_at?: string;
  /**
   * The time until which the units of an approved return must arrive. Afterwards the return is refused, and the units can be returned
   * again.
   */
  arrival_due_at?: string;
  /** The time at which the shop received the units. */
  received_at?: string;
  /** The time until which the refund must be requested: the end of the third business day after the receipt. */
  refund_due_at?: string;
  /** The refund. */
  refund?: ReturnRefund;
  /** The time at which the refund was requested. */
  refunded_at?: string;
}

/** The decision about a requested return. */
export type ReturnDecision = "APPROVE" | "REFUSE";

/** A return's id, derived from the person who requested it and the idempotency key. */
export type ReturnId = string;

/** The units of a line in a return. */
export interface ReturnLine {
  /** The line's id in its order. */
  line_id: LineId;
  /** The units that the customer asked to return. */
  quantity: number;
  /** The units that were received and are for sale again. */
  restocked: number;
  /** The units that were received and cannot be sold. */
  written_off: number;
  /** The refund for the received units, without a deduction. Absent until they are received. */
  refund?: Money;
}

/** A page of a list. */
export interface ReturnList {
  items: Return[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The reason of a customer for a return. */
export type ReturnReason = "CHANGED_MIND" | "DAMAGED" | "DEFECTIVE" | "WRONG_ITEM" | "NOT_AS_DESCRIBED" | "OTHER";

/** The refund of a return: `goods` − `deduction` + `shipping` − `reduction` = `amount`. */
export interface ReturnRefund {
  /** The refunded amount. */
  amount: Money;
  /** The price of the received units. */
  goods: Money;
  /** The amount that the shop keeps of the price of the units, such as for wear. */
  deduction: Money;
  /** The note about the deduction. */
  deduction_note?: string;
  /** The amount that is refunded of the price of the delivery, before the reduction. */
  shipping: Money;
  /**
   * The amount that is not refunded because the payment has no more left: it was refunded before, without naming units. Absent for
   * nothing.
   */
  reduction?: Money;
}

/** The status of a return. */
export type ReturnStatus = "REQUESTED" | "APPROVED" | "REFUSED" | "RECEIVED" | "REFUNDED";

export type ReturnStatusProblem = Problem & {
  /** The return's status. */
  return_status: runtime.Open<ReturnStatus>;
  type: "urn:madang:problem:return-status";
  status: 409;
  title: "The return's status does not allow it";
};

/** The URLs to which a provider redirects the customer. */
export interface ReturnUrls {
  /** The URL after the customer approved the payment. The provider adds its token. */
  approval: string;
  /** The URL after the customer cancelled. */
  cancel: string;
  /** The URL after a failure. */
  fail: string;
}

export type ReturnWindowClosedProblem = Problem & {
  /** The end of the time in which they could be returned. */
  ended_at: string;
  type: "urn:madang:problem:return-window-closed";
  status: 409;
  title: "It is too late to return the units";
};

/** The reversal of a payment by the customer's bank or the provider, such as the withdrawal of a deposit. */
export interface Reversal {
  /** The amount that was taken back. */
  amount: Money;
  /** The time at which the reversal was recorded. */
  reversed_at: string;
  /** Whether an administrator recorded it, because the provider's API does not report it. */
  decided?: boolean;
  /** The payment's `charged_at` at that time: a later report of the charge is news. */
  charged_at?: string;
}

/** A matter that an administrator must decide. */
export interface Review {
  /** The matter's id. The same matter always has the same id. */
  review_id: string;
  /** The kind of matter. */
  code: runtime.Open<ReviewCode>;
  /** A description of the matter, in a sentence. */
  detail: string;
  /** The time at which the matter was recorded. */
  opened_at: string;
  /** The amount that is owed to the customer for this matter now. The decision `GIVEN_BACK` records its refund. */
  owed?: Money;
  /** The refund that the matter is about. */
  refund_id?: string;
  /** The dispute that the matter is about. */
  dispute_id?: string;
}

/** The kind of a matter. */
export type ReviewCode = "REFUND_REFUSED" | "REFUND_FAILED" | "OUTCOME_UNKNOWN" | "CONTRADICTION" | "DISPUTED" | "DISPUTE_LOST" | "REVERSED";

/** Update it instead. */
export type ReviewExistsProblem = Problem & {
  type: "urn:madang:problem:review-exists";
  status: 409;
  title: "The customer has reviewed the performance already";
};

export type ReviewFinalProblem = Problem & {
  type: "urn:madang:problem:review-final";
  status: 409;
  title: "The review cannot be edited any more";
};

/** The codes to revoke. */
export interface RevokeCouponCodesRequest {
  /** The index of the first code. */
  first_index: number;
  /** The number of codes. */
  count: number;
}

/** The reason for which a row was not applied. */
export interface RowError {
  /** The row's number in the file, from 1. The header of a CSV file is row 1. */
  row: number;
  /** The field, if the error concerns one. */
  field?: string;
  /** The code, such as that of a problem of `update-product`. */
  code: string;
  /** A description of the failure, for people. */
  detail: string;
}

/** A row and the states of its seats. */
export interface RowNow {
  /** The first number of the ids of its seats. */
  part: number;
  /** The second number of the ids of its seats. */
  row: number;
  /** Two bits a seat, in base64, as in the seat map: 0 free, 1 held, 2 sold, 3 blocked. */
  states: string;
}

/** A lower price of a product for some time. */
export interface Sale {
  /** The price of one unit while the sale runs: lower than the regular price, in its currency. */
  price: Money;
  /** The time from which the sale price holds. */
  starts_at: string;
  /** The time from which the regular price holds again. */
  ends_at: string;
}

/** The result of a scan. */
export type ScanResult = "CHECKED_IN" | "ALREADY_CHECKED_IN" | "TICKET_VOID" | "NOT_OPEN" | "SHOW_CANCELLED" | "UNDONE" | "OTHER_SHOWTIME" | "INVALID_CODE";

/** A recurring schedule: an anchor date, an interval, and a local time of day. */
export interface Schedule {
  /** Local date of period 0. The other periods fall on the same day, or on the last day of a shorter month. */
  anchor: string;
  /** Local time of day at which each period falls due. */
  time: string;
  /** The time zone of the dates and times. */
  timezone: Timezone;
  /** Interval between periods. */
  interval: Interval;
}

/** A recurring schedule: an anchor date, an interval, and a local time of day. */
export interface ScheduleInput {
  /** Local date of period 0. The other periods fall on the same day, or on the last day of a shorter month. */
  anchor: string;
  /** Local time of day at which each period falls due. */
  time: string;
  /** The time zone of the dates and times. */
  timezone: Timezone;
  /** Interval between periods. */
  interval: IntervalInput;
}

/** An engine, as its name in the API. */
export type SearchEngine = "EMBEDDED" | "OPENSEARCH";

/** The state of the search index. */
export interface SearchIndex {
  /** The engine that is searched. With a server, the embedded one is searched until the first rebuild has ended. */
  engine: runtime.Open<SearchEngine>;
  /** The documents by kind, hidden ones too. */
  documents: { [name: string]: number };
  /** The bundles that a search looks into. 0 on a server. */
  bundles: number;
  /** The size of the index in bytes, which a function copies when it starts. 0 on a server. */
  bytes: number;
  /** The time of the last change of the index. */
  committed_at: string;
  /** The rebuild that made the index. Absent until the first one has ended. */
  rebuild_id?: string;
  /** The rebuild that is under way. */
  rebuild?: RebuildProgress;
  /** Whether there is a previous build to roll back to. */
  has_previous: boolean;
}

/** A document that was found. */
export interface SearchResult {
  /** The kind of the document. */
  kind: runtime.Open<DocumentKind>;
  /** The id of the entity: the SKU of a product, or the id of a performance, a performer or a venue. */
  id: string;
  /** The title of the entity. Of titles in several languages, the one that matches. */
  title: string;
  /** The parts of the title that match. */
  highlights: Highlight[];
  /** The quality of the match. */
  quality: runtime.Open<MatchQuality>;
  /** The part of a product to show. Present for products. */
  product?: ProductResult;
  /** The part of a performance, a performer or a venue to show. Present for these. */
  show?: ShowResult;
}

/** A page of results. */
export interface SearchResults {
  /** The text that was searched, so that a page can tell the answer to an earlier text. */
  q: string;
  /** The results. */
  items: SearchResult[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** A property of a seat. */
export type SeatFlag = "ACCESSIBLE" | "RESTRICTED_VIEW";

/** A seat of a seating plan, whose id is in the tile of its section, or a place of an area of general admission. */
export type SeatId = string;

/** The states of the seats of a showtime. */
export interface SeatMapView {
  /** The showtime. */
  showtime_id: ShowtimeId;
  /** The seating plan. */
  plan_id: PlanId;
  /** The number of seats, without the places of areas. */
  seats: number;
  /** Two bits a seat, in base64: 0 free, 1 held, 2 sold, 3 blocked. */
  states: string;
  /** The areas of general admission. Absent without any. */
  areas?: AreaCount[];
}

/** A note on a seat. */
export interface SeatNote {
  /** The number of the seat. */
  seat: number;
  /** The properties of the seat. */
  flags?: SeatFlag[];
  /**
   * The number of the accessible seat of the row whose companions sit here. It has at most three, none further than three
   * seats away and none beyond an aisle. A long row is not split between them.
   */
  companion_of?: number;
}

/** A seat and its state. */
export interface SeatNow {
  /** The seat. */
  seat: SeatId;
  /** The state of the seat. */
  state: runtime.Open<SeatState>;
}

/** The present price of seats. */
export interface SeatQuote {
  /** A line for each seat. For an area, those of its first places: a hold has other ones, at the same price. */
  lines: Line[];
  /** The coupons, in the order in which they apply. Absent for none. */
  coupons?: OrderCoupon[];
  /** The price of the seats, and its parts. Send `total` as `expected_total` of the hold. */
  totals: Totals;
}

/** Seats side by side, without an aisle between them. */
export interface SeatRun {
  /** The number of the first seat. */
  first: number;
  /** The number of seats. */
  count: number;
  /** From one number to the next: 2 for odd numbers on one side, -1 for numbers that fall. */
  step?: number;
  /** The place of the first seat. */
  at: Point;
  /** From one seat to the next. */
  spacing?: Point;
}

/** The state of a seat at a moment. Its number is that of the seat map. */
export type SeatState = "FREE" | "HELD" | "SOLD" | "BLOCKED";

/** The ticket's holder can pass it back. Then the seat can be given back. */
export type SeatTransferredProblem = Problem & {
  /** The seat's line. */
  line_id: LineId;
  type: "urn:madang:problem:seat-transferred";
  status: 409;
  title: "Somebody else holds a ticket of the seats";
};

export type SeatUsedProblem = Problem & {
  /** The seat's line. */
  line_id: LineId;
  type: "urn:madang:problem:seat-used";
  status: 409;
  title: "A ticket of the seats was checked in";
};

/** The seats and the places of general admission of a showtime, which never change. */
export interface Seating {
  /** The number of parts. The seats of a part are stored together. */
  parts: number;
  /** The number of seats and places. */
  seats: number;
  /** The zones of the plan, in the order of their numbers. */
  zones: ZoneSeats[];
  /** The areas of general admission, whose parts follow on those of the seats. Absent without any. */
  areas?: Area[];
  /** The fewest seats of a row that the next row continues, because they are the seats of one run. Absent if each run is in one row. */
  shortest_continued?: number;
}

/** Create another showtime instead. */
export type SeatsExistProblem = Problem & {
  type: "urn:madang:problem:seats-exist";
  status: 409;
  title: "The seats of the showtime exist already";
};

/** Publish it first. */
export type SeatsMissingProblem = Problem & {
  type: "urn:madang:problem:seats-missing";
  status: 409;
  title: "The showtime has no seats yet";
};

/** Nothing has changed. `seats` are those that cannot be changed, as they are now. */
export type SeatsNotFreeProblem = Problem & {
  /** The seats that are held or sold. */
  seats: SeatNow[];
  type: "urn:madang:problem:seats-not-free";
  status: 409;
  title: "A seat is held or sold";
};

/** The show has started, or the refund policy of the order takes no seats back any more. */
export type SeatsNotReturnableProblem = Problem & {
  type: "urn:madang:problem:seats-not-returnable";
  status: 409;
  title: "The seats are not taken back any more";
};

/** Seats of a showtime, or places of an area of general admission: either `seats` or `general`. */
export interface SeatsRequest {
  /** The seats, each once, in at most 90 rows. */
  seats?: SeatId[];
  /** The number of places of an area. To be blocked, they are free; to be released, they are blocked. */
  general?: AreaPlaces;
}

/** The seats of a request as they are now. */
export interface SeatsResponse {
  /** The seats. Empty for a change of an area. */
  seats: SeatNow[];
  /** The area, if places of one were changed. */
  area?: AreaNow;
}

/** Nothing is held. Choose other seats. */
export type SeatsTakenProblem = Problem & {
  /** The requested seats that are not free. */
  seats: SeatNow[];
  /** The rows of the requested seats as they are now. */
  rows: RowNow[];
  type: "urn:madang:problem:seats-taken";
  status: 409;
  title: "A seat is taken";
};

/**
 * The lottery of those who joined within the same second. The same for all of them.
 *
 * A customer's draw is the first 8 bytes of the HMAC-SHA256 of the account id with the key, read as a big-endian number. The place is
 * 1, plus `before`, plus `people` before the draw's first four bits, plus that of these bits themselves times the other 60 bits over
 * 2^60, rounded down.
 */
export interface SecondLottery {
  /** The second, counted from the opening. */
  second: number;
  /** The key of the draws, which nobody could know while customers joined. It follows from the room's `later_seed`. */
  key: string;
  /** The people who joined before the second. */
  before: number;
  /** The people who joined in the second, by the first four bits of their draws. */
  people: number[];
}

/** The seats of a section with their places. It never changes. */
export interface SectionTile {
  /** The section's code. */
  section: ZoneCode;
  /** The name that customers see. */
  name: string;
  /** The rows. A row of more than 28 seats is several rows here. The places of the seats tell which of them are side by side. */
  rows: TileRow[];
}

/** The shop, as far as the deployment names it. */
export interface Seller {
  /** The name of the business. */
  name?: string;
  /** The number under which the business is registered, such as its VAT id. */
  registration_number?: string;
  /** The address of the business. */
  address?: string;
  /** The person who represents the business. */
  representative?: string;
  /** The business's contact for customers: a telephone number or an e-mail address. */
  contact?: string;
}

/** The number of shards of a product's stock, or of a list: 1 to 64. */
export type ShardCount = number;

export type ShardsNotLoweredProblem = Problem & {
  /** The number of shards now. */
  stock_shards: ShardCount;
  type: "urn:madang:problem:shards-not-lowered";
  status: 409;
  title: "Stock shards can be raised, not lowered";
};

/** A shipment, as customers and events see it. It has no address. */
export interface Shipment {
  /** The shipment's id. */
  shipment_id: ShipmentId;
  /** The order. */
  order_id: OrderId;
  /** The customer of the order. */
  customer_id: CustomerId;
  /** The shipment's status. */
  status: runtime.Open<ShipmentStatus>;
  /** The units in the parcel. */
  lines: LineQuantity[];
  /** The carrier. */
  carrier: string;
  /** The carrier's number of the parcel. */
  tracking_number: string;
  /** The page that shows where the parcel is. */
  tracking_url?: string;
  /** The time at which the shipment was recorded. */
  shipped_at: string;
  /** The time until which the carrier should deliver the parcel. Staff look after it then. */
  delivery_due_at?: string;
  /** The time of the delivery, once it is delivered. */
  delivered_at?: string;
  /** The time at which it was cancelled or recorded as lost. */
  closed_at?: string;
}

/** A shipment's id, derived from the administrator and the idempotency key. */
export type ShipmentId = string;

/** A page of a list. */
export interface ShipmentList {
  items: Shipment[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The status of a shipment. */
export type ShipmentStatus = "SHIPPED" | "DELIVERED" | "CANCELLED" | "LOST";

export type ShipmentStatusProblem = Problem & {
  /** The shipment's status. */
  shipment_status: runtime.Open<ShipmentStatus>;
  type: "urn:madang:problem:shipment-status";
  status: 409;
  title: "The shipment's status does not allow it";
};

/** The delivery of an order, and its price. */
export interface Shipping {
  /** The id of the shipping method. */
  method_id: ShippingMethodId;
  /** The method's name at the time of the order. */
  name: string;
  /** The price of the delivery, without tax that is added. */
  price: Money;
  /** The parts of the price by tax rate. None if the delivery is free. */
  parts: ShippingPart[];
}

/** A shipping method that fits an order, and its price for this order. */
export interface ShippingMethod {
  /** The method's id. */
  method_id: ShippingMethodId;
  /** The name that shoppers see. */
  name: string;
  /** The price of the delivery, without tax that is added. */
  price: Money;
}

/** The id of a shipping method: 1 to 40 characters of `a-z 0-9 -`. */
export type ShippingMethodId = string;

/** Choose one that fits, or none: the first one is then taken. */
export type ShippingMethodUnavailableProblem = Problem & {
  /** The methods that fit, in the shop's order of preference. */
  shipping_methods: ShippingMethod[];
  type: "urn:madang:problem:shipping-method-unavailable";
  status: 422;
  title: "The shipping method does not fit the order";
};

/** The part of a delivery's price that is taxed at one rate. */
export interface ShippingPart {
  /** The part of the price, without tax that is added. */
  price: Money;
  /** The tax rate in percent. Absent if the part is not taxed. */
  tax_rate?: TaxRate;
  /** The tax that is added to the price. 0 where prices include it. */
  tax: Money;
  /** The tax that the price includes. 0 where tax is added. */
  included_tax: Money;
}

/** A product with too few units available. */
export interface Shortage {
  /** The product's SKU. */
  sku: Sku;
  /** The requested units. */
  requested: number;
  /** The available units. */
  available: number;
}

/** Nothing has changed. */
export type ShowCancelledProblem = Problem & {
  type: "urn:madang:problem:show-cancelled";
  status: 409;
  title: "The showtime does not take place";
};

export type ShowNotOverProblem = Problem & {
  /** The end of the show. */
  over_at: string;
  type: "urn:madang:problem:show-not-over";
  status: 409;
  title: "The show is not over yet";
};

/** The part of a performance, a performer or a venue that a search shows. */
export interface ShowResult {
  /** The names or titles, by language, of at most eight languages. */
  names: { [name: string]: string };
  /** The main poster of a performance, or the portrait of a performer. */
  image?: ImageId;
}

/** A showtime of a performance. */
export interface Showtime {
  /** The showtime's id. */
  showtime_id: ShowtimeId;
  /** The performance. */
  performance_id: PerformanceId;
  /** The venue. */
  venue_id: VenueId;
  /** The seating plan. It cannot be changed once the seats exist. */
  plan_id: PlanId;
  /** The time zone of the venue. */
  time_zone: Timezone;
  /** The location where the showtime takes place and is taxed, as the venue says. Absent: in the shop's own country. */
  location?: Destination;
  /** The start as the clock at the venue shows it. */
  local_start: LocalTime;
  /** The start. It follows from the local time and the rules of the time zone on that date. */
  starts_at: string;
  /** The time at which the doors open. */
  doors_at?: string;
  /** The time from which seats are sold. */
  sales_start_at: string;
  /** The time from which seats are not sold any more. */
  sales_end_at: string;
  /** Whether the seats are on sale. */
  status: runtime.Open<ShowtimeStatus>;
  /** The price classes. Each zone of the plan is in exactly one. All prices have the same currency. */
  prices: PriceClass[];
  /** The seats, once they exist. */
  seating?: Seating;
  /** The waiting room whose admission a hold of seats needs. Absent: none. */
  waiting_room_id?: WaitingRoomId;
  /** The time at which it was published. */
  published_at?: string;
  /**
   * The time at which its start was last changed after it was published. A customer who booked before gives seats back
   * free of charge.
   */
  moved_at?: string;
  /** The time of the creation. */
  created_at: string;
  /** The time of the last change. */
  updated_at: string;
}

/** Create another showtime instead. */
export type ShowtimeCancelledProblem = Problem & {
  type: "urn:madang:problem:showtime-cancelled";
  status: 409;
  title: "The showtime is cancelled and does not change";
};

/** A showtime's id, derived from the administrator and the idempotency key. */
export type ShowtimeId = string;

/** A page of a list. */
export interface ShowtimeList {
  items: Showtime[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** Nothing has changed. */
export type ShowtimeStartedProblem = Problem & {
  type: "urn:madang:problem:showtime-started";
  status: 409;
  title: "The show has started";
};

/** Whether the seats of a showtime are on sale. */
export type ShowtimeStatus = "DRAFT" | "ON_SALE" | "CLOSED" | "CANCELLED";

/** A showtime as everybody sees it. */
export interface ShowtimeView {
  /** The showtime's id. */
  showtime_id: ShowtimeId;
  /** The performance. */
  performance_id: PerformanceId;
  /** The venue. */
  venue_id: VenueId;
  /** The seating plan. */
  plan_id: PlanId;
  /** The time zone of the venue. */
  time_zone: Timezone;
  /** The start as the clock at the venue shows it. */
  local_start: LocalTime;
  /** The start. */
  starts_at: string;
  /** The time at which the doors open. */
  doors_at?: string;
  /** The time from which seats are sold. */
  sales_start_at: string;
  /** The time from which seats are not sold any more. */
  sales_end_at: string;
  /** Whether the seats are on sale. */
  status: runtime.Open<ShowtimeStatus>;
  /** The waiting room whose admission a hold of seats needs. Absent: none. */
  waiting_room_id?: WaitingRoomId;
  /** The price classes. */
  classes: ClassView[];
  /** The time at which the remaining seats were counted, in lists. */
  counted_at?: string;
}

/** A page of a list. */
export interface ShowtimeViewList {
  items: ShowtimeView[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The side of the order book. */
export type Side = "BUY" | "SELL";

/** A presigned upload request. */
export interface SignedUpload {
  /** The image's id. */
  image_id: ImageId;
  /** The presigned URL. */
  url: string;
  /** The HTTP method, `PUT`. */
  method: string;
  /** The headers to send, unchanged. */
  headers: { [name: string]: string };
  /** The latest time at which the upload can start. */
  expires_at: string;
}

export type SingleSeatLeftProblem = Problem & {
  /** The seats that would be left single. */
  seats: SeatId[];
  /** The rows of these and of the requested seats as they are now. */
  rows: RowNow[];
  type: "urn:madang:problem:single-seat-left";
  status: 409;
  title: "The choice leaves a single seat";
};

/** The period to skip. */
export interface SkipPeriodRequest {
  /** The period. Must be the next one, `next_period`, so that a repeated click skips one period. */
  period: number;
}

/** The reason for which periods are skipped. */
export type SkipReason = "REQUESTED" | "PAUSED" | "PAST_DUE" | "MISSED";

/** Periods that are not billed and not delivered. */
export interface SkippedPeriods {
  /** The first skipped period. */
  from: number;
  /** The last skipped period. */
  through: number;
  /** The reason for which the periods were skipped. */
  reason: runtime.Open<SkipReason>;
  /** The time of the change. */
  skipped_at: string;
}

/** A stock-keeping unit: 1 to 64 characters of `A-Z a-z 0-9 . _ -`, starting with a letter or digit. */
export type Sku = string;

/** The variants in one format, for a `source` element in a `picture` element. */
export interface SourceView {
  /** The media type, for the attribute `type`. */
  content_type: string;
  /** The variants, for the attribute `srcset`. */
  srcset: string;
}

/** A request to pay an order. */
export interface StartPaymentRequest {
  /** The payment provider: `TOSS`, `STRIPE` or `KAKAOPAY`. */
  provider: Provider;
  /** The URLs to which KakaoPay redirects the customer. Required for KakaoPay, ignored for other providers. */
  return_urls?: ReturnUrls;
}

/** The parameters with which a customer's page starts the payment. */
export interface StartedPayment {
  /** The order to pay. */
  order_id: OrderId;
  /** The amount to pay. */
  amount: Money;
  /** The payment's id. Absent for Toss, where the customer's page creates the payment. */
  payment_id?: PaymentId;
  /** The provider's reference (`payment_intent`, `tid`). */
  reference?: string;
  /** The parameters for the provider's page or script. */
  client: ClientParameters;
}

/** A change of a product's available units. */
export interface StockMovement {
  /** The movement's id. */
  movement_id: string;
  /** The product. */
  sku: Sku;
  /** The reason for which the units changed. */
  kind: runtime.Open<StockMovementKind>;
  /** The units added, or, below zero, the units taken away. Never 0. */
  change: number;
  /** The reason, for administrators. Text of several lines. */
  note?: string;
  /** The administrator who moved the units. */
  created_by: Actor;
  /** The time of the movement. */
  created_at: string;
}

/** The kind of a stock movement. */
export type StockMovementKind = "RECEIPT" | "CORRECTION" | "WRITE_OFF" | "RETURN";

/** A page of a list. */
export interface StockMovementList {
  items: StockMovement[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The entity that a change of a wallet is about. */
export interface Subject {
  /** The kind of the subject. */
  kind: runtime.Open<SubjectKind>;
  /** The subject's id. */
  id: string;
}

/** The kind of entity that a change of a wallet is about. */
export type SubjectKind = "ORDER" | "BID" | "TRADE";

/** A subscription. */
export interface Subscription {
  /** The subscription's id. */
  subscription_id: SubscriptionId;
  /** The customer. */
  customer_id: CustomerId;
  /** The status of the subscription. */
  status: runtime.Open<SubscriptionStatus>;
  /** The items of each period, each product once. Priced from the catalog when the period is billed. */
  items: Item[];
  /** The shipping method. If absent, the first one that fits is taken when a period is billed. */
  shipping_method?: ShippingMethodId;
  /**
   * The place where the subscription's orders are delivered and taxed: the country and region of its address. If
   * absent, the shop's own country.
   */
  destination?: Destination;
  /** The dates on which periods fall due. */
  schedule: Schedule;
  /** The payment provider. */
  provider: runtime.Open<Provider>;
  /** The card that is charged. */
  card: Card;
  /** The next period to bill. */
  next_period: number;
  /** The time at which the next period falls due. */
  next_at: string;
  /** The period whose invoice is neither paid nor void, if any. */
  open_period?: number;
  /** Whether the customer has cancelled the subscription at the period's end. */
  ends_with_period: boolean;
  /** The time at which the subscription ends, if `ends_with_period`. No other change moves it. */
  ends_at?: string;
  /** The periods that were skipped last. */
  skipped?: SkippedPeriods;
  /** The coupon that the subscription has redeemed. Absent for none. */
  coupon?: SubscriptionCoupon;
  /** Whether the customer must provide a new card. */
  needs_card: boolean;
  /** The time at which the subscription started. */
  started_at: string;
  /** Time since which the subscription is `PAST_DUE`. */
  past_due_at?: string;
  /** The time of the cancellation. */
  cancelled_at?: string;
}

export type SubscriptionClosedProblem = Problem & {
  type: "urn:madang:problem:subscription-closed";
  status: 409;
  title: "The subscription is cancelled";
};

/** The coupon that a subscription has redeemed. */
export interface SubscriptionCoupon {
  /** The coupon. */
  coupon_id: CouponId;
  /** The customer's claim. */
  coupon_claim_id: CouponClaimId;
  /** The number of charges that were paid with it. */
  charges_used: number;
  /** The number of charges that it still counts for. Absent: each. */
  charges_left?: number;
  /** The time at which the customer got it back. Absent while the subscription has it. */
  returned_at?: string;
}

/** A subscription's id, derived from the customer and the idempotency key. */
export type SubscriptionId = string;

/** A page of a list. */
export interface SubscriptionList {
  items: Subscription[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** One period of a subscription. */
export interface SubscriptionPeriod {
  /** The subscription. */
  subscription_id: SubscriptionId;
  /** The period's number, from 0 at the schedule's anchor. */
  period: number;
}

/** The status of a subscription. */
export type SubscriptionStatus = "ACTIVE" | "PAUSED" | "PAST_DUE" | "CANCELLED";

export type SubscriptionStatusProblem = Problem & {
  /** The subscription's status. */
  subscription_status?: runtime.Open<SubscriptionStatus>;
  type: "urn:madang:problem:subscription-status";
  status: 409;
  title: "The subscription's status does not allow it";
};

/** A text that what is being typed may become. */
export interface Suggestion {
  /** A title, a brand or another name. */
  text: string;
  /** The parts of the text that match. */
  highlights: Highlight[];
}

/** Suggestions, the best first. */
export interface Suggestions {
  /** The text that is being typed, so that a page can tell the answer to an earlier text. */
  q: string;
  /** At most ten suggestions. */
  items: Suggestion[];
}

/** A request to take the best bid of the other side. */
export interface TakeBidRequest {
  /** Whether the caller buys or sells. */
  side: Side;
  /** The worst price to accept, such as the price that the customer was shown. Any price when absent. */
  price?: number;
  /** The voucher to sell. Required to sell, not allowed to buy. */
  voucher_id?: VoucherId;
}

/** A trade. The other party is not disclosed. */
export interface TakenBid {
  /** The trade's id. */
  trade_id: string;
  /** The product of the voucher. */
  sku: Sku;
  /** The voucher that was sold. */
  voucher_id: VoucherId;
  /** The price paid. */
  price: Points;
  /** The time of the trade. */
  traded_at: string;
}

/** The tax class of a product or a ticket. The country of the order or of the venue determines the rate. */
export type TaxClass = "STANDARD" | "REDUCED" | "EXEMPT";

/** The part of an order that is taxed at one rate: its lines and its delivery. */
export interface TaxOfRate {
  /** The tax rate in percent. Absent for a part that is not taxed. */
  tax_rate?: TaxRate;
  /** The price without tax. */
  net: Money;
  /** The tax, added or included. */
  tax: Money;
  /**
   * The part of both together whose refund was requested, for units and for the delivery. Absent for none. A refund that names
   * neither counts only in that of the payment.
   */
  refunded?: Money;
}

/**
 * A tax rate in percent, as decimal text such as `10` or `7.25`: above 0, at most 100, with at most three decimals.
 *
 * Kept in thousandths of a percent.
 */
export type TaxRate = string;

/** A ticket of a paid order. */
export interface Ticket {
  /** The ticket's id. */
  ticket_id: TicketId;
  /** The customer who shows it. */
  holder_id: CustomerId;
  /** The customer who bought it. Absent while they hold it themselves. */
  buyer_id?: CustomerId;
  /** The order that bought it. */
  order_id: OrderId;
  /** The line of the order. */
  line_id: LineId;
  /** The showtime. */
  showtime_id: ShowtimeId;
  /** The start of the showtime as it was when the ticket was issued. */
  starts_at: string;
  /** The seat, or the id of the place of general admission. */
  seat: SeatId;
  /** The place of general admission. Absent for a seat. */
  area?: AreaPlace;
  /** The price class. */
  class: ClassCode;
  /** The title of the performance, the local start, the class and the seat or area, as they were when the seat was held. */
  name: string;
  /** Whether it admits its holder. */
  status: runtime.Open<TicketStatus>;
  /** The number of the code, from 1. A code with an earlier number does not admit. */
  issue: number;
  /** The number of times that the ticket has changed hands. */
  transfers?: number;
  /** The latest offer to somebody else that was not accepted, replaced or taken back. It may have expired. */
  transfer_offer_id?: TransferOfferId;
  /** The time from which that offer cannot be accepted. */
  offered_until?: string;
  /** The check-in. Absent until it is checked in. */
  check_in?: CheckIn;
  /**
   * Scans beside the check-in that admitted at devices without a network: a second time, after the ticket became void, before
   * check-in was open, or although the showtime was cancelled.
   */
  unexpected_scans?: CheckIn[];
  /** Check-ins that administrators have undone. */
  undone_check_ins?: UndoneCheckIn[];
  /** The time of the issue. */
  issued_at: string;
  /** The time at which it became void. */
  voided_at?: string;
}

/** The holder has a newer code. */
export type TicketCodeReplacedProblem = Problem & {
  type: "urn:madang:problem:ticket-code-replaced";
  status: 409;
  title: "The code was replaced";
};

/** A ticket's id, derived from the order and its line. */
export type TicketId = string;

/** The public keys of the codes of tickets. */
export interface TicketKeyList {
  /** The keys, the newest last. */
  keys: PublicTicketKey[];
}

/** A page of a list. */
export interface TicketList {
  items: Ticket[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** Whether a ticket admits its holder. */
export type TicketStatus = "VALID" | "VOID";

/** A transfer of a ticket. */
export interface TicketTransfer {
  /** The ticket. */
  ticket_id: TicketId;
  /** The number of the transfer among those of the ticket, from 1. */
  number: number;
  /** The order that bought the ticket. */
  order_id: OrderId;
  /** The showtime. */
  showtime_id: ShowtimeId;
  /** The seat. */
  seat: SeatId;
  /** The offer that was accepted. */
  transfer_offer_id: TransferOfferId;
  /** The customer who held the ticket before. */
  giver_id: CustomerId;
  /** The customer who accepted it. */
  receiver_id: CustomerId;
  /** The time of the transfer. */
  transferred_at: string;
}

/** The transfers of a ticket. */
export interface TicketTransferList {
  /** The transfers, the first one first. */
  items: TicketTransfer[];
}

export type TicketUsedProblem = Problem & {
  type: "urn:madang:problem:ticket-used";
  status: 409;
  title: "The ticket is checked in";
};

/** The seat of the ticket was given back. */
export type TicketVoidProblem = Problem & {
  type: "urn:madang:problem:ticket-void";
  status: 409;
  title: "The ticket is void";
};

/** A row of seats. */
export interface TileRow {
  /** The row's label. */
  row: string;
  /** The row's zone. */
  zone: ZoneCode;
  /** The first number of the ids of its seats: a seat's id is `part-number-place`, with its place in `seats`, from 0. */
  part: number;
  /** The second number of the ids of its seats. */
  number: number;
  /** The place of its first seat in the seat map, from 0. */
  first: number;
  /** The seats. */
  seats: TileSeat[];
}

/** A seat with its place. */
export interface TileSeat {
  /** The seat's number. */
  number: number;
  /** The seat's place in the plan. */
  at: Point;
  /** The properties of the seat. */
  flags?: runtime.Open<SeatFlag>[];
  /** The number of the accessible seat of the row whose companions sit here. */
  companion_of?: number;
}

/** A timezone of the IANA database (`Asia/Seoul`). The rules are part of the program, since Lambda's image has none. */
export type Timezone = string;

/** Nothing has changed. An area without a free place is sold out. */
export type TooFewPlacesProblem = Problem & {
  /** The area. */
  area: ZoneCode;
  /** The number of places that the area has: free ones for a hold or a block, blocked ones for a release. */
  places: number;
  type: "urn:madang:problem:too-few-places";
  status: 409;
  title: "The area has too few places";
};

export type TooFewUnitsProblem = Problem & {
  /** The units that are left of each line. */
  left: LineQuantity[];
  type: "urn:madang:problem:too-few-units";
  status: 409;
  title: "Fewer units are left";
};

export type TooManyBidsProblem = Problem & {
  type: "urn:madang:problem:too-many-bids";
  status: 409;
  title: "Too many open bids";
};

/** Revoke ranges that touch the present ones, or end the claims of the coupon. */
export type TooManyCodeRangesProblem = Problem & {
  type: "urn:madang:problem:too-many-code-ranges";
  status: 409;
  title: "The coupon has too many ranges of revoked codes";
};

export type TooManyCodesProblem = Problem & {
  type: "urn:madang:problem:too-many-codes";
  status: 409;
  title: "The ticket has had too many codes";
};

export type TooManyPaymentsProblem = Problem & {
  type: "urn:madang:problem:too-many-payments";
  status: 409;
  title: "The order has too many payment attempts";
};

/** Nothing has changed. Create another waiting room, and name it in what this one guards. */
export type TooManyRatesProblem = Problem & {
  type: "urn:madang:problem:too-many-rates";
  status: 409;
  title: "The waiting room has had too many rates";
};

export type TooManyReshardedListingsProblem = Problem & {
  type: "urn:madang:problem:too-many-resharded-listings";
  status: 422;
  title: "Too many listings have a number of shards of their own";
};

export type TooManyReviewsProblem = Problem & {
  type: "urn:madang:problem:too-many-reviews";
  status: 409;
  title: "The customer has written too many reviews today";
};

export type TooManySeatsProblem = Problem & {
  /** The most seats that a customer can have. */
  most: number;
  /** The seats that the customer has. */
  seats: number;
  type: "urn:madang:problem:too-many-seats";
  status: 409;
  title: "The customer would have too many seats";
};

export type TooManyTransfersProblem = Problem & {
  type: "urn:madang:problem:too-many-transfers";
  status: 409;
  title: "The ticket has changed hands too often";
};

export type TooManyUndoneCheckInsProblem = Problem & {
  type: "urn:madang:problem:too-many-undone-check-ins";
  status: 409;
  title: "Too many check-ins of the ticket were undone";
};

export type TooManyWrongCodesProblem = Problem & {
  /** The time from which a code is looked at again. */
  again_at: string;
  type: "urn:madang:problem:too-many-wrong-codes";
  status: 409;
  title: "The customer has sent too many wrong codes";
};

/** Show the customer the new total, then send it. */
export type TotalDiffersProblem = Problem & {
  /** The total now. */
  total: Money;
  type: "urn:madang:problem:total-differs";
  status: 409;
  title: "The total differs from the expected one";
};

export type TotalTooLargeProblem = Problem & {
  type: "urn:madang:problem:total-too-large";
  status: 422;
  title: "The total is out of range";
};

/**
 * The money of an order: the total, and its parts in the same currency.
 *
 * `subtotal` − `discount` + `shipping` + `tax` = `total`. A later version may have more parts, so take `total` for what
 * the order costs.
 */
export interface Totals {
  /** The prices of all units of all lines. */
  subtotal: Money;
  /** The whole discount: the sum of the lines' discounts. */
  discount: Money;
  /** The price of the delivery. */
  shipping: Money;
  /** The tax that is added to the prices, that of the delivery too. 0 where prices include it. */
  tax: Money;
  /** The part of `total` that is tax, where prices include it, that of the delivery too. 0 where tax is added. */
  included_tax: Money;
  /** The price of the order. */
  total: Money;
}

/** An offer of a ticket, as its holder sees it. */
export interface TransferOffer {
  /** The offer's id. */
  transfer_offer_id: TransferOfferId;
  /** The ticket. */
  ticket_id: TicketId;
  /** Give it to the receiver only, with both ids. Anybody who has it can take the ticket. No other answer has it. */
  code: string;
  /** The time from which it cannot be accepted. */
  expires_at: string;
}

export type TransferOfferExpiredProblem = Problem & {
  type: "urn:madang:problem:transfer-offer-expired";
  status: 409;
  title: "The offer of the ticket has expired";
};

/** The id of an offer of a ticket to somebody else, derived from the holder and the idempotency key. */
export type TransferOfferId = string;

export type UnauthenticatedProblem = Problem & {
  type: "urn:madang:problem:unauthenticated";
  status: 401;
  title: "A valid token is required";
};

/** The outcome is unknown. Retry with the same Idempotency-Key: it takes effect at most once. */
export type UnavailableProblem = Problem & {
  type: "urn:madang:problem:unavailable";
  status: 503;
  title: "Service unavailable";
};

/** A check-in to undo. */
export interface UndoCheckInRequest {
  /** The scan that checked the ticket in, as `check_in` of the ticket names it. */
  scan_id: string;
  /** The reason for which it is undone. Text of one line, without personal data. */
  reason: string;
}

/** A check-in that was undone. */
export interface UndoneCheckIn {
  /** The check-in. */
  check_in: CheckIn;
  /** The time at which it was undone. */
  undone_at: string;
  /** The administrator who has undone it. */
  undone_by: Actor;
  /** The reason for which it was undone. */
  reason: string;
}

/** The unit of an interval. */
export type Unit = "DAY" | "WEEK" | "MONTH" | "YEAR";

/** Deliver the message again later. */
export type UnknownOrderProblem = Problem & {
  type: "urn:madang:problem:unknown-order";
  status: 404;
  title: "The order of this event does not exist yet";
};

export type UnknownSeatsProblem = Problem & {
  /** The seats that it does not have. */
  seats: SeatId[];
  type: "urn:madang:problem:unknown-seats";
  status: 422;
  title: "The showtime does not have a seat";
};

/** Deliver the message again later: the shipment may not be recorded yet. */
export type UnknownShipmentProblem = Problem & {
  type: "urn:madang:problem:unknown-shipment";
  status: 404;
  title: "The shipment of this message does not exist yet";
};

/** Changes of the categories, as a merge patch (RFC 7396): only what is named changes, and `null` removes. */
export interface UpdateCategoriesRequest {
  /** The categories by path. `null` removes one. */
  categories: CategoriesPatch;
}

/**
 * Changes of a coupon, as a merge patch (RFC 7396): only what is named changes, and `null` clears the waiting room or
 * lifts the revocation.
 */
export interface UpdateCouponRequest {
  /** The name that customers see. Text of one line. */
  name?: string;
  /** The number of customers who can claim it. Not less than before, and only for a coupon that has a total. */
  total?: number;
  /** The time from which it can no longer be claimed. A time in the past ends the claims within a second. */
  claims_end_at?: string;
  /**
   * The time from which nobody claims or redeems it. A time in the past takes effect within ten seconds, and `null` lifts the
   * revocation. Orders and subscriptions that have redeemed it keep it.
   */
  revoked_at?: string | null;
  waiting_room_id?: WaitingRoomId | null;
}

/** Changes of a review, as a merge patch (RFC 7396): only what is named changes, and `null` clears the text. */
export interface UpdateOwnPerformanceReviewRequest {
  /** The stars, from 1 to 5. */
  stars?: number;
  /** The text of the caller's review. Text of several lines. */
  text?: string | null;
}

/** Changes of a performance, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field. */
export interface UpdatePerformanceRequest {
  /** The text that customers read, by language. */
  titles?: { [name: string]: string | null };
  /** The text that customers read, by language. */
  descriptions?: { [name: string]: string | null };
  /** Whether customers see it. */
  status?: PerformanceStatus;
  /** The whole cast, in the order of the playbill. */
  cast?: CastMember[] | null;
  /** The length in minutes, with breaks. */
  duration_minutes?: number | null;
  /** The age from which visitors are admitted. */
  age_limit?: number | null;
  /** The most seats that a customer can have at one showtime. */
  max_seats?: number;
  /** All posters, main poster first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once. */
  posters?: ImageId[] | null;
  /** The time from which new showtimes are sold. */
  on_sale_at?: string | null;
  /** The tax class of tickets from now on. */
  tax_class?: TaxClass;
  /** The fees that a customer pays for giving a ticket back. Replaced as a whole. */
  refund_policy?: RefundPolicy;
}

/** A change of a review, as a merge patch (RFC 7396). */
export interface UpdatePerformanceReviewRequest {
  hidden_reason?: HiddenReason | null;
  /** `true` removes the text for good, because it has personal data. The stars stay. */
  removes_text?: boolean;
}

/** Changes of a performer, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field. */
export interface UpdatePerformerRequest {
  /** The text that customers read, by language. */
  names?: { [name: string]: string | null };
  /** The text that customers read, by language. */
  biographies?: { [name: string]: string | null };
  image?: ImageId | null;
}

/** Changes of a product, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field. */
export interface UpdateProductRequest {
  /** The name that shoppers see. Text of one line. */
  name?: string;
  /** The description that shoppers see. Text of several lines. */
  description?: string | null;
  /** The brand. Text of one line. */
  brand?: string | null;
  /** All categories, main category first. Each is listed once. */
  categories?: Category[] | null;
  /** Facts that shoppers see, by name, such as the weight. */
  attributes?: { [name: string]: string | null } | null;
  /** Notes of administrators, by name. Nobody else sees them. */
  metadata?: { [name: string]: string | null } | null;
  /** The price of one unit. */
  price?: Money;
  /** Whether the product is for sale. A published product cannot become a `DRAFT` again. */
  status?: ProductStatus;
  /** The time from which a `LISTED` product is visible and for sale. */
  list_at?: string | null;
  /** The time from which a `LISTED` product is neither visible nor for sale. */
  unlist_at?: string | null;
  sale?: Sale | null;
  /** The points that one unit adds to the buyer's wallet. Only for products that sell points. */
  points?: number | null;
  package?: Package | null;
  /** The tax class of the product. */
  tax_class?: TaxClass;
  /** All images, main image first. Each must be `READY`, uploaded with the purpose `LISTING`, and listed once. */
  images?: ImageId[] | null;
  /** The available units below which the stock is low. Nobody but administrators sees it. */
  low_stock_threshold?: number | null;
  /** The number of shards of the stock. Can be raised, not lowered. */
  stock_shards?: ShardCount;
}

/** Changes of a showtime, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field. */
export interface UpdateShowtimeRequest {
  /** Another seating plan. Only before the seats exist. */
  plan_id?: PlanId;
  /**
   * The start as the clock at the venue shows it. The doors move by the same time, and so does the end of the sales if it was
   * the start, unless the request names them.
   */
  local_start?: LocalTime;
  /** The offset from UTC. Needed only for a local time that occurs twice. */
  utc_offset?: string;
  /** The time at which the doors open, before the start. */
  doors_at?: string | null;
  /** The time from which seats are sold. */
  sales_start_at?: string;
  /** The time from which seats are not sold any more. */
  sales_end_at?: string;
  /** `CLOSED`, `ON_SALE` or `CANCELLED`. A draft is published by `publish-showtime`. */
  status?: ShowtimeStatus;
  waiting_room_id?: WaitingRoomId | null;
  /** All price classes. */
  prices?: PriceClass[];
}

/** The changes of a subscription (RFC 7396). An absent member does not change. */
export interface UpdateSubscriptionRequest {
  /** The items of each period, from the next one on. Quantities of the same product are added up. */
  items?: Item[];
  /** The shipping method of each period, from the next one on. */
  shipping_method?: ShippingMethodId;
  /**
   * The provider's authorization to charge another card. A declined invoice is charged at once, and a `PAST_DUE`
   * subscription becomes `ACTIVE`.
   */
  authorization?: Authorization;
  /** The person to write to or call about the orders of the subscription. */
  contact?: Contact;
  /** The address to which the orders of the subscription are sent, from the next one on. */
  shipping_address?: Address;
}

/** Changes of a venue, as a merge patch (RFC 7396): only what is named changes, and `null` clears a field. */
export interface UpdateVenueRequest {
  /** The text that customers read, by language. */
  names?: { [name: string]: string | null };
  /** The address that customers see. Text of one line. */
  address?: string | null;
}

/** Changes of a waiting room, as a merge patch (RFC 7396): only what is named changes. */
export interface UpdateWaitingRoomRequest {
  /** The name that customers see. Text of one line. */
  name?: string;
  /**
   * The time from which it admits. Until ten seconds before the present opening, at least ten seconds away,
   * and at most seven days after the first opening.
   */
  opens_at?: string;
  /** The people a minute that it admits from now on. 0: nobody, until the rate is changed again. */
  rate_per_minute?: number;
  /** Whether customers are told that nothing is left. It admits all the same. */
  sold_out?: boolean;
}

/** Scans of a device. */
export interface UploadScansRequest {
  /** The scans. They are recorded by their times. */
  scans: OfflineScan[];
  /**
   * The time at which the request is sent, by the clock that timed the scans. The times of the scans are corrected by the
   * difference between that clock and ours. Send it anew with each try. Without it, the times are taken as they are.
   */
  sent_at?: string;
}

/** The result of an uploaded scan. */
export interface UploadedScan {
  /** The key of the scan. */
  key: string;
  /** The result of the scan. */
  result: runtime.Open<ScanResult>;
  /** The ticket. Absent if the code is none of this showtime's. */
  ticket_id?: TicketId;
  /** The check-in that was recorded first. Absent for a ticket that is not checked in. */
  check_in?: CheckIn;
}

/** The results of the uploaded scans. */
export interface UploadedScans {
  /** The scans, in the order of the request. */
  scans: UploadedScan[];
}

/** A variant: an image in one size and format. */
export interface VariantView {
  /** The variant's permanent URL. */
  url: string;
  /** The media type. */
  content_type: string;
  /** Width in pixels. */
  width: number;
  /** Height in pixels. */
  height: number;
  /** Size in bytes. */
  bytes: number;
}

/** A venue. */
export interface Venue {
  /** The venue's id. */
  venue_id: VenueId;
  /** The text that customers read, by language. */
  names: { [name: string]: string };
  /** The time zone. */
  time_zone: Timezone;
  /** The location of the venue: tickets are taxed as there. Absent: in the shop's own country. */
  location?: Destination;
  /** The address. */
  address?: string;
  /** The time of the creation. */
  created_at: string;
  /** The time of the last change. */
  updated_at: string;
}

/** A venue's id, derived from the administrator and the idempotency key. */
export type VenueId = string;

/** A page of a list. */
export interface VenueList {
  items: Venue[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** A gift voucher. */
export interface Voucher {
  /** The voucher's id. */
  voucher_id: VoucherId;
  /** The product. */
  sku: Sku;
  /** The owner. */
  owner_id: CustomerId;
  /** The code that redeems the voucher. */
  code: VoucherCode;
  /** The open bid that offers the voucher, if any. */
  offered_by?: BidId;
  /** The time at which the current owner registered or bought the voucher. */
  owned_at: string;
}

/** The code that redeems a voucher: 8 to 64 ASCII letters and digits, with hyphens and spaces anywhere between them. */
export type VoucherCode = string;

/**
 * A voucher's id, derived from the customer and the idempotency key that registered it. It reveals nothing about the
 * code.
 */
export type VoucherId = string;

/** A page of a list. */
export interface VoucherList {
  items: Voucher[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

export type VoucherNotYoursProblem = Problem & {
  type: "urn:madang:problem:voucher-not-yours";
  status: 422;
  title: "The caller cannot offer this voucher";
};

export type VoucherOfferedProblem = Problem & {
  type: "urn:madang:problem:voucher-offered";
  status: 409;
  title: "The voucher is already offered";
};

/** Another customer has registered it, or it is registered for another product. */
export type VoucherRegisteredProblem = Problem & {
  type: "urn:madang:problem:voucher-registered";
  status: 409;
  title: "The voucher is already registered";
};

/** A waiting room, as administrators see it. */
export interface WaitingRoom {
  /** The room's id. */
  waiting_room_id: WaitingRoomId;
  /** The name that customers see. */
  name: string;
  /** The time from which it admits. */
  opens_at: string;
  /** The rates, one after another. */
  segments: RateSegment[];
  /** The minutes that an admission lasts. */
  token_minutes: number;
  /** Whether customers are told that nothing is left. They can wait for returns. */
  sold_out: boolean;
  /** The SHA-256 of the 32 bytes of `seed`. */
  seed_sha256: string;
  /** The seed of the early comers' lottery. Absent until they are counted. */
  seed?: string;
  /** The SHA-256 of the 32 bytes of the seed of later lotteries. */
  later_seed_sha256: string;
  /** The seed of the lotteries of those who join after the opening. Absent as long as the rates count. */
  later_seed?: string;
  /** The time of the creation. */
  created_at: string;
  /** The time of the last change. */
  updated_at: string;
}

/** An admission to the sale that a waiting room guards. */
export interface WaitingRoomAdmission {
  /** The room. */
  waiting_room_id: WaitingRoomId;
  /** The token to send in the header `Waiting-Room-Token`. It is of no use to another account. */
  token: string;
  /** The time at which the customer entered. */
  admitted_at: string;
  /** The time from which the admission is over. To enter again does not move it. */
  expires_at: string;
}

/** A waiting room's id, derived from the administrator and the idempotency key. */
export type WaitingRoomId = string;

/** A customer's join of a waiting room. */
export interface WaitingRoomJoin {
  /** The room. */
  waiting_room_id: WaitingRoomId;
  /** The customer's account. */
  customer_id: CustomerId;
  /** The time of the join. */
  joined_at: string;
  /** Whether it was before the opening, so that the lottery decides the place. */
  is_early: boolean;
  /** The place, from 1. Absent while those who may be before the customer are still joining. */
  place?: number;
  /**
   * The draw that decided the place of a customer who joined after the opening. Absent without a place. That of an
   * early comer is in `get-waiting-room`.
   */
  lottery?: SecondLottery;
  /** About when it is the customer's turn. Absent without a place, and while the rate is 0. */
  expected_at?: string;
  /** The time from which the customer's admission is over. Absent before the customer has entered. */
  admitted_until?: string;
}

/** A page of a list. */
export interface WaitingRoomList {
  items: WaitingRoom[];
  /** Cursor of the next page. Absent on the last page. */
  next_cursor?: string;
}

/** The opening can be moved until ten seconds before it, so that nobody sees it open before. */
export type WaitingRoomOpenProblem = Problem & {
  /** The time from which it is open. */
  opens_at: string;
  type: "urn:madang:problem:waiting-room-open";
  status: 409;
  title: "The waiting room is open";
};

/** Nothing has changed: the rates of a room end within 72 hours of its opening. Create another one, and name it in what this one guards. */
export type WaitingRoomOverProblem = Problem & {
  type: "urn:madang:problem:waiting-room-over";
  status: 409;
  title: "The waiting room was paused for too long";
};

/** The progress of a waiting room. The same for everybody. */
export interface WaitingRoomStatus {
  /** The room's id. */
  waiting_room_id: WaitingRoomId;
  /** The name. */
  name: string;
  /** The time of this status. */
  as_of: string;
  /** The time from which the room admits. */
  opens_at: string;
  /** Whether the rates count. They do for 24 hours, without the time in which the rate is 0. After that, everybody can enter at once. */
  is_paced: boolean;
  /** The rates, one after another. */
  segments: RateSegment[];
  /**
   * The places that may enter: this one and those before it. It grows once a second, by the turns of the rates and by those of
   * customers who were called and have not entered.
   */
  serving_number: number;
  /** The people who have joined, as far as they are counted. Absent until the early comers are. */
  joined?: number;
  /** The early comers by the first byte of their draws, without the zeros at the end. Absent until they are counted. */
  early?: number[];
  /** Whether nothing is left. Returns may come. */
  sold_out: boolean;
  /** The SHA-256 of the 32 bytes of `seed`, public from the creation on. */
  seed_sha256: string;
  /** The seed of the early comers' lottery. Absent until they are counted. */
  seed?: string;
  /** The SHA-256 of the 32 bytes of `later_seed`, public from the creation on. */
  later_seed_sha256: string;
  /**
   * The seed of the lotteries of those who join after the opening. The key of a second is the HMAC-SHA256 of its number, as four
   * bytes, big-endian, with this seed. Absent as long as the rates count.
   */
  later_seed?: string;
}

/** A customer's points. */
export interface Wallet {
  /** Points that can be spent. */
  available: Points;
  /** Points held by open bids. */
  held: Points;
  /**
   * Points that could not be taken back with the money of their orders, because they were spent or held. Points that become
   * available are taken for them first, so a wallet that owes points has none available.
   */
  owed: Points;
}

/** The response to a message. */
export interface WebhookAnswer {
  /** The outcome of the message. */
  outcome: runtime.Open<Outcome>;
}

/** The time at which a subscription ends. */
export type When = "NOW" | "PERIOD_END";

/** A zone, a section or an area of a seating plan, such as `stalls`. */
export type ZoneCode = string;

/** A zone of a seating plan. */
export interface ZoneSeats {
  /** The zone. */
  zone: ZoneCode;
  /** The number of its seats and places. */
  seats: number;
}

/** The types of `getAdminCategories`. */
export interface GetAdminCategoriesOperation {
  request: {
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, CategoryTree, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-Match` of a change */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updateCategories`. */
export interface UpdateCategoriesOperation {
  request: {
    /** The `ETag` of the categories as they were read, or `*` */
    ifMatch: string;
    body: UpdateCategoriesRequest;
  };
  answer: runtime.Answer<200, CategoryTree, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | CategoryNotEmptyProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidCategoriesProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listAdminCoupons`. */
export interface ListAdminCouponsOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, CouponList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createCoupon`. */
export interface CreateCouponOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each coupon
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateCouponRequest;
  };
  answer: runtime.Answer<201, Coupon, {
    /** For `If-Match` of a change */
    etag: string;
    /** true: an earlier request created it */
    idempotencyReplayed?: string;
    /** The coupon's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidCouponProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getAdminCoupon`. */
export interface GetAdminCouponOperation {
  request: {
    /** The coupon */
    coupon_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Coupon, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request, and `If-Match` of a change */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updateCoupon`. */
export interface UpdateCouponOperation {
  request: {
    /** The coupon */
    coupon_id: string;
    /** The `ETag` of the coupon as it was read, or `*` */
    ifMatch: string;
    body: UpdateCouponRequest;
  };
  answer: runtime.Answer<200, Coupon, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidCouponProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createCouponCodes`. */
export interface CreateCouponCodesOperation {
  request: {
    /** The coupon */
    coupon_id: string;
    body: CreateCouponCodesRequest;
  };
  answer: runtime.Answer<200, CouponCodes, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | CouponWithoutCodesProblem
    | BodyTooLargeProblem
    | InvalidCodeRangeProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `revokeCouponCodes`. */
export interface RevokeCouponCodesOperation {
  request: {
    /** The coupon */
    coupon_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: RevokeCouponCodesRequest;
  };
  answer: runtime.Answer<200, Coupon, {
    /** For `If-Match` of a change */
    etag: string;
    /** true: the codes were revoked before */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | CouponWithoutCodesProblem
    | TooManyCodeRangesProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidCodeRangeProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `erasePersonalData`. */
export interface ErasePersonalDataOperation {
  request: {
    /** The customer */
    customer_id: CustomerId;
  };
  answer: runtime.Answer<200, PersonalDataErasure, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listCustomerSubscriptions`. */
export interface ListCustomerSubscriptionsOperation {
  request: {
    /** The customer */
    customer_id: CustomerId;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** Only subscriptions with this status */
    status?: SubscriptionStatus;
  };
  answer: runtime.Answer<200, SubscriptionList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createExport`. */
export interface CreateExportOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each export
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<202, Export, {
    /** true: an earlier request created the export */
    idempotencyReplayed?: string;
    /** The export's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getExport`. */
export interface GetExportOperation {
  request: {
    /** The export */
    export_id: string;
  };
  answer: runtime.Answer<200, Export, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listImports`. */
export interface ListImportsOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** Only items created at or after this time. */
    created_from?: string;
    /** Only items created before this time. */
    created_to?: string;
  };
  answer: runtime.Answer<200, ImportList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createImport`. */
export interface CreateImportOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each import
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateImportRequest;
  };
  answer: runtime.Answer<201, Import, {
    /** true: an earlier request created the import */
    idempotencyReplayed?: string;
    /** The import's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidImportProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getImport`. */
export interface GetImportOperation {
  request: {
    /** The import */
    import_id: string;
  };
  answer: runtime.Answer<200, Import, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `reshardListing`. */
export interface ReshardListingOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each change
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: ReshardListingRequest;
  };
  answer: runtime.Answer<200, ListingShards, {
    /** true: an earlier request began it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | ReshardingInProgressProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | TooManyReshardedListingsProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listAdminOrders`. */
export interface ListAdminOrdersOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** Only orders with this number, as people type it: in any case, with or without the dash */
    number?: string;
    /** Only orders of this customer */
    customer_id?: string;
    /** Only orders whose contact or address has a telephone number with these last four digits */
    phone_last4?: string;
    /** Only orders of this product */
    sku?: string;
    /** Only orders with this status */
    status?: OrderStatus;
    /** `true`: only paid orders with units that are to be shipped */
    to_ship?: boolean;
    /** Only orders that were placed on this day in the shop's timezone */
    placed_on?: string;
    /** Only orders that were placed on this day or later */
    placed_from?: string;
    /** Only orders that were placed on this day or earlier */
    placed_until?: string;
  };
  answer: runtime.Answer<200, OrderList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `searchOrders`. */
export interface SearchOrdersOperation {
  request: {
    /** A part of a name or of an e-mail address, up to 64 characters */
    q: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, OrderSearchResults, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createShipment`. */
export interface CreateShipmentOperation {
  request: {
    /** The order */
    order_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new shipment
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateShipmentRequest;
  };
  answer: runtime.Answer<201, Shipment, {
    /** true: an earlier request created the shipment */
    idempotencyReplayed?: string;
    /** The path of the order's shipments */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | OrderNotPaidProblem
    | TooFewUnitsProblem
    | OutOfStockProblem
    | PaymentNotKeptProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InvalidLinesProblem
    | InvalidLineProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `requestRefund`. */
export interface RequestRefundOperation {
  request: {
    /** The payment */
    payment_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new refund
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: RequestRefundRequest;
  };
  answer: runtime.Answer<202, Payment, {
    /** true: an earlier request added the refund */
    idempotencyReplayed?: string;
    /** The payment's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | NotRefundableProblem
    | RefundUnderWayProblem
    | PaymentInReviewProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `resolveReview`. */
export interface ResolveReviewOperation {
  request: {
    /** The payment */
    payment_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: PaymentDecision;
  };
  answer: runtime.Answer<200, Payment, {
    /** true: an earlier request decided it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | NotInReviewProblem
    | RefundUnderWayProblem
    | NotRefundableProblem
    | AmountDiffersProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listAdminPerformances`. */
export interface ListAdminPerformancesOperation {
  request: {
    /** `DRAFT` by default */
    status?: "DRAFT" | "LISTED";
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, PerformanceList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createPerformance`. */
export interface CreatePerformanceOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each performance
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreatePerformanceRequest;
  };
  answer: runtime.Answer<201, Performance, {
    /** For `If-Match` of a change */
    etag: string;
    /** true: an earlier request created it */
    idempotencyReplayed?: string;
    /** The performance's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidShowProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getAdminPerformance`. */
export interface GetAdminPerformanceOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Performance, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request, and `If-Match` of a change */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updatePerformance`. */
export interface UpdatePerformanceOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** The `ETag` of the performance as it was read, or `*` */
    ifMatch: string;
    body: UpdatePerformanceRequest;
  };
  answer: runtime.Answer<200, Performance, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | PerformanceHasShowtimesProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidShowProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `deletePerformance`. */
export interface DeletePerformanceOperation {
  request: {
    /** The performance */
    performance_id: string;
  };
  answer: runtime.Answer<200, Performance, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | PerformanceHasShowtimesProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listAdminPerformanceReviews`. */
export interface ListAdminPerformanceReviewsOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** `VISIBLE` by default */
    status?: "VISIBLE" | "HIDDEN" | "DELETED";
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, PerformanceReviewList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updatePerformanceReview`. */
export interface UpdatePerformanceReviewOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** The review */
    performance_review_id: string;
    /** The `ETag` of the review as an earlier change answered it, or `*` */
    ifMatch: string;
    body: UpdatePerformanceReviewRequest;
  };
  answer: runtime.Answer<200, PerformanceReview, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listAdminShowtimes`. */
export interface ListAdminShowtimesOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, ShowtimeList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createShowtime`. */
export interface CreateShowtimeOperation {
  request: {
    /** The performance */
    performance_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each showtime
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateShowtimeRequest;
  };
  answer: runtime.Answer<201, Showtime, {
    /** For `If-Match` of a change */
    etag: string;
    /** true: an earlier request created it */
    idempotencyReplayed?: string;
    /** The showtime's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidShowProblem
    | LocalTimeSkippedProblem
    | LocalTimeAmbiguousProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createPerformer`. */
export interface CreatePerformerOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each performer
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreatePerformerRequest;
  };
  answer: runtime.Answer<201, Performer, {
    /** For `If-Match` of a change */
    etag: string;
    /** true: an earlier request created it */
    idempotencyReplayed?: string;
    /** The performer's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidShowProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getAdminPerformer`. */
export interface GetAdminPerformerOperation {
  request: {
    /** The performer */
    performer_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Performer, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request, and `If-Match` of a change */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updatePerformer`. */
export interface UpdatePerformerOperation {
  request: {
    /** The performer */
    performer_id: string;
    /** The `ETag` of the performer as it was read, or `*` */
    ifMatch: string;
    body: UpdatePerformerRequest;
  };
  answer: runtime.Answer<200, Performer, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidShowProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listAdminProducts`. */
export interface ListAdminProductsOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, ProductList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createProduct`. */
export interface CreateProductOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each product
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateProductRequest;
  };
  answer: runtime.Answer<201, Product, {
    /** For `If-Match` of the next change */
    etag: string;
    /** true: an earlier request created it */
    idempotencyReplayed?: string;
    /** The product's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | ProductExistsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidProductProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getAdminProduct`. */
export interface GetAdminProductOperation {
  request: {
    /** The product */
    sku: Sku;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Product, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-Match` of a change */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updateProduct`. */
export interface UpdateProductOperation {
  request: {
    /** The product */
    sku: Sku;
    /** The `ETag` of the product as it was read, or `*` */
    ifMatch: string;
    body: UpdateProductRequest;
  };
  answer: runtime.Answer<200, Product, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | AlreadyPublishedProblem
    | ShardsNotLoweredProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidProductProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listStockMovements`. */
export interface ListStockMovementsOperation {
  request: {
    /** The product */
    sku: Sku;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** Only items created at or after this time. */
    created_from?: string;
    /** Only items created before this time. */
    created_to?: string;
  };
  answer: runtime.Answer<200, StockMovementList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createStockMovement`. */
export interface CreateStockMovementOperation {
  request: {
    /** The product */
    sku: Sku;
    /**
     * 1 to 255 visible ASCII characters, new for each movement
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateStockMovementRequest;
  };
  answer: runtime.Answer<201, StockMovement, {
    /** true: an earlier request moved the units */
    idempotencyReplayed?: string;
    /** The path of the product's movements */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InsufficientStockProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidQuantityProblem
    | InvalidTextProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listReturns`. */
export interface ListReturnsOperation {
  request: {
    /** The returns' status. Default: `REQUESTED` */
    status?: ReturnStatus;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, ReturnList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `decideReturn`. */
export interface DecideReturnOperation {
  request: {
    /** The return */
    return_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: DecideReturnRequest;
  };
  answer: runtime.Answer<200, Return, {
    /** true: an earlier request decided */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | ReturnStatusProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `receiveReturn`. */
export interface ReceiveReturnOperation {
  request: {
    /** The return */
    return_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: ReceiveReturnRequest;
  };
  answer: runtime.Answer<200, Return, {
    /** true: an earlier request received it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | TooFewUnitsProblem
    | ReturnStatusProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidLinesProblem
    | InvalidLineProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `refundReturn`. */
export interface RefundReturnOperation {
  request: {
    /** The return */
    return_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: RefundReturnRequest;
  };
  answer: runtime.Answer<200, Return, {
    /** true: an earlier request requested the refund */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | LineRefundedProblem
    | RefundUnderWayProblem
    | PaymentInReviewProblem
    | ReturnStatusProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InvalidRefundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getSearchIndex`. */
export interface GetSearchIndexOperation {
  request: {};
  answer: runtime.Answer<200, SearchIndex, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `rollBackSearchIndex`. */
export interface RollBackSearchIndexOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each roll-back
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<200, SearchIndex, {
    /** true: an earlier request rolled back */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NoPreviousBuildProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `startRebuild`. */
export interface StartRebuildOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each rebuild
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<202, SearchIndex, {
    /** true: an earlier request began this rebuild */
    idempotencyReplayed?: string;
    /** The path of the index */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listShipmentsByStatus`. */
export interface ListShipmentsByStatusOperation {
  request: {
    /** The shipments' status. Default: `SHIPPED` */
    status?: ShipmentStatus;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, ShipmentList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `closeShipment`. */
export interface CloseShipmentOperation {
  request: {
    /** The shipment */
    shipment_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CloseShipmentRequest;
  };
  answer: runtime.Answer<200, Shipment, {
    /** true: an earlier request closed it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | ShipmentStatusProblem
    | OrderNotPaidProblem
    | TooFewUnitsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `deliverShipment`. */
export interface DeliverShipmentOperation {
  request: {
    /** The shipment */
    shipment_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body?: DeliverShipmentRequest;
  };
  answer: runtime.Answer<200, Shipment, {
    /** true: it was delivered before */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | ShipmentStatusProblem
    | OrderNotPaidProblem
    | TooFewUnitsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidDeliveryTimeProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getAdminShowtime`. */
export interface GetAdminShowtimeOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Showtime, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request, and `If-Match` of a change */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updateShowtime`. */
export interface UpdateShowtimeOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /** The `ETag` of the showtime as it was read, or `*` */
    ifMatch: string;
    body: UpdateShowtimeRequest;
  };
  answer: runtime.Answer<200, Showtime, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InvalidStatusChangeProblem
    | SeatsExistProblem
    | ShowtimeCancelledProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidShowProblem
    | LocalTimeSkippedProblem
    | LocalTimeAmbiguousProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `blockSeats`. */
export interface BlockSeatsOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each request
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: SeatsRequest;
  };
  answer: runtime.Answer<200, SeatsResponse, {
    /** true: an earlier request changed them */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | SeatsMissingProblem
    | SeatsNotFreeProblem
    | TooFewPlacesProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidShowProblem
    | UnknownSeatsProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `checkInTicket`. */
export interface CheckInTicketOperation {
  request: {
    /** The showtime at whose door the ticket is scanned */
    showtime_id: string;
    /**
     * 16 to 255 visible ASCII characters, such as a UUID, new for each scan of all devices
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CheckInTicketRequest;
  };
  answer: runtime.Answer<200, Ticket, {
    /** true: an earlier request checked it in */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | OtherShowtimeProblem
    | TicketVoidProblem
    | TicketCodeReplacedProblem
    | AlreadyCheckedInProblem
    | CheckInNotOpenProblem
    | CheckInUndoneProblem
    | ShowCancelledProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InvalidTicketCodeProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `publishShowtime`. */
export interface PublishShowtimeOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each request
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body?: PublishShowtimeRequest;
  };
  answer: runtime.Answer<200, Showtime, {
    /** For `If-Match` of a change */
    etag: string;
    /** true: it was published before */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InvalidStatusChangeProblem
    | PerformanceNotListedProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidShowProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `releaseSeats`. */
export interface ReleaseSeatsOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each request
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: SeatsRequest;
  };
  answer: runtime.Answer<200, SeatsResponse, {
    /** true: an earlier request changed them */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | SeatsMissingProblem
    | SeatsNotFreeProblem
    | TooFewPlacesProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidShowProblem
    | UnknownSeatsProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `uploadScans`. */
export interface UploadScansOperation {
  request: {
    /** The showtime at whose door the tickets were scanned */
    showtime_id: string;
    /**
     * 1 to 255 visible ASCII characters. Each scan is recognized by its own `key`
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: UploadScansRequest;
  };
  answer: runtime.Answer<200, UploadedScans, {
    /** true: no scan of a ticket is new */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InvalidScansProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listShowtimeTickets`. */
export interface ListShowtimeTicketsOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, TicketList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `resolveCharge`. */
export interface ResolveChargeOperation {
  request: {
    /** The subscription */
    subscription_id: string;
    /** The period, counted from 0 */
    period: number;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: ChargeDecision;
  };
  answer: runtime.Answer<200, Invoice, {
    /** true: an earlier request made the decision */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | NotInReviewProblem
    | PaymentUnderWayProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | PaymentMismatchProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listTicketTransfers`. */
export interface ListTicketTransfersOperation {
  request: {
    /** The ticket */
    ticket_id: string;
  };
  answer: runtime.Answer<200, TicketTransferList, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `undoCheckIn`. */
export interface UndoCheckInOperation {
  request: {
    /** The ticket */
    ticket_id: string;
    /**
     * 1 to 255 visible ASCII characters. The check-in is recognized by its `scan_id`
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: UndoCheckInRequest;
  };
  answer: runtime.Answer<200, Ticket, {
    /** true: the check-in was undone before */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | NotCheckedInProblem
    | TooManyUndoneCheckInsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createVenue`. */
export interface CreateVenueOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each venue
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateVenueRequest;
  };
  answer: runtime.Answer<201, Venue, {
    /** For `If-Match` of a change */
    etag: string;
    /** true: an earlier request created it */
    idempotencyReplayed?: string;
    /** The venue's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidShowProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getAdminVenue`. */
export interface GetAdminVenueOperation {
  request: {
    /** The venue */
    venue_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Venue, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request, and `If-Match` of a change */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updateVenue`. */
export interface UpdateVenueOperation {
  request: {
    /** The venue */
    venue_id: string;
    /** The `ETag` of the venue as it was read, or `*` */
    ifMatch: string;
    body: UpdateVenueRequest;
  };
  answer: runtime.Answer<200, Venue, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidShowProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createPlan`. */
export interface CreatePlanOperation {
  request: {
    /** The venue */
    venue_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each plan
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreatePlanRequest;
  };
  answer: runtime.Answer<201, Plan, {
    /** Names this plan */
    etag: string;
    /** true: an earlier request created it */
    idempotencyReplayed?: string;
    /** The plan's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidPlanProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listAdminWaitingRooms`. */
export interface ListAdminWaitingRoomsOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, WaitingRoomList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createWaitingRoom`. */
export interface CreateWaitingRoomOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each waiting room
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateWaitingRoomRequest;
  };
  answer: runtime.Answer<201, WaitingRoom, {
    /** For `If-Match` of a change */
    etag: string;
    /** true: an earlier request created it */
    idempotencyReplayed?: string;
    /** The waiting room's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidWaitingRoomProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getAdminWaitingRoom`. */
export interface GetAdminWaitingRoomOperation {
  request: {
    /** The waiting room */
    waiting_room_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, WaitingRoom, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request, and `If-Match` of a change */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updateWaitingRoom`. */
export interface UpdateWaitingRoomOperation {
  request: {
    /** The waiting room */
    waiting_room_id: string;
    /** The `ETag` of the waiting room as it was read, or `*` */
    ifMatch: string;
    body: UpdateWaitingRoomRequest;
  };
  answer: runtime.Answer<200, WaitingRoom, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | ForbiddenProblem
    | NotFoundProblem
    | WaitingRoomOpenProblem
    | TooManyRatesProblem
    | WaitingRoomOverProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidWaitingRoomProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listBids`. */
export interface ListBidsOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** Only bids of this product */
    sku?: Sku;
  };
  answer: runtime.Answer<200, BidList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `cancelBid`. */
export interface CancelBidOperation {
  request: {
    /** The bid */
    bid_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<200, Bid, {
    /** true: it was cancelled before */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | BidClosedProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getCategories`. */
export interface GetCategoriesOperation {
  request: {
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, CategoryTree, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listClaims`. */
export interface ListClaimsOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, CouponClaimList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `claimCouponCode`. */
export interface ClaimCouponCodeOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: ClaimCouponCodeRequest;
  };
  answer: runtime.Answer<201, CouponClaim, {
    /** true: the customer had used the code before */
    idempotencyReplayed?: string;
    /** The path of the customer's claims */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | CouponCodeUsedProblem
    | CouponCodeRevokedProblem
    | CouponClaimedProblem
    | TooManyWrongCodesProblem
    | CouponNotOpenProblem
    | CouponExpiredProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | CouponCodeInvalidProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getCoupon`. */
export interface GetCouponOperation {
  request: {
    /** The coupon */
    coupon_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Coupon, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `claimCoupon`. */
export interface ClaimCouponOperation {
  request: {
    /** The coupon */
    coupon_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    /** The token of `enter-waiting-room`, for a coupon with a waiting room */
    waitingRoomToken?: string;
  };
  answer: runtime.Answer<201, CouponClaim, {
    /** true: the customer had claimed the coupon before */
    idempotencyReplayed?: string;
    /** The path of the customer's claims */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | CouponNotOpenProblem
    | CouponExhaustedProblem
    | CouponExpiredProblem
    | AdmissionRequiredProblem
    | CouponNeedsCodeProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `presignUpload`. */
export interface PresignUploadOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each new image
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: PresignUploadRequest;
  };
  answer: runtime.Answer<201, SignedUpload, {
    /** true: an earlier request created the image */
    idempotencyReplayed?: string;
    /** The image's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | BodyTooLargeProblem
    | ImageTypeNotTakenProblem
    | IdempotencyKeyReusedProblem
    | ImageLengthNotTakenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getImage`. */
export interface GetImageOperation {
  request: {
    /** The image */
    image_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, ImageView, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `deleteImage`. */
export interface DeleteImageOperation {
  request: {
    /** The image */
    image_id: string;
  };
  answer: runtime.Answer<200, ImageView, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listOrders`. */
export interface ListOrdersOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** Only orders with this status */
    status?: OrderStatus;
    /** Only items created at or after this time. */
    created_from?: string;
    /** Only items created before this time. */
    created_to?: string;
  };
  answer: runtime.Answer<200, OrderList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `checkout`. */
export interface CheckoutOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each new order
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CheckoutRequest;
  };
  answer: runtime.Answer<201, Order, {
    /** true: an earlier request placed the order */
    idempotencyReplayed?: string;
    /** The order's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | OutOfStockProblem
    | TotalDiffersProblem
    | CouponExpiredProblem
    | CouponInUseProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidLinesProblem
    | InvalidQuantityProblem
    | ProductUnavailableProblem
    | CurrenciesMixedProblem
    | TotalTooLargeProblem
    | ShippingMethodUnavailableProblem
    | NotShippableProblem
    | AddressMissingProblem
    | CouponNotFoundProblem
    | CouponNotApplicableProblem
    | CouponMinimumNotReachedProblem
    | CouponCurrencyDiffersProblem
    | CouponsNotCombinableProblem
    | InvalidMetadataProblem
    | InvalidTextProblem
    | InvalidAddressProblem
    | InvalidContactProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getOrder`. */
export interface GetOrderOperation {
  request: {
    /** The order */
    order_id: string;
  };
  answer: runtime.Answer<200, Order, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `cancelOrder`. */
export interface CancelOrderOperation {
  request: {
    /** The order */
    order_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body?: CancelOrderRequest;
  };
  answer: runtime.Answer<200, Order, {
    /** true: it was cancelled before */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | OrderClosedProblem
    | OrderShippedProblem
    | OrderNotPaidProblem
    | SeatsNotReturnableProblem
    | SeatUsedProblem
    | SeatTransferredProblem
    | RefundDiffersProblem
    | TooFewUnitsProblem
    | LineRefundedProblem
    | PaymentUnderWayProblem
    | RefundUnderWayProblem
    | PaymentInReviewProblem
    | PointsSpentProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidLinesProblem
    | InvalidLineProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createCancellationQuote`. */
export interface CreateCancellationQuoteOperation {
  request: {
    /** The order */
    order_id: string;
    body?: CreateCancellationQuoteRequest;
  };
  answer: runtime.Answer<200, CancellationQuote, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | OrderClosedProblem
    | OrderShippedProblem
    | OrderNotPaidProblem
    | SeatsNotReturnableProblem
    | SeatUsedProblem
    | SeatTransferredProblem
    | TooFewUnitsProblem
    | LineRefundedProblem
    | PaymentUnderWayProblem
    | RefundUnderWayProblem
    | PaymentInReviewProblem
    | BodyTooLargeProblem
    | InvalidLinesProblem
    | InvalidLineProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getDeliveryDetails`. */
export interface GetDeliveryDetailsOperation {
  request: {
    /** The order */
    order_id: string;
  };
  answer: runtime.Answer<200, DeliveryDetails, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `startPayment`. */
export interface StartPaymentOperation {
  request: {
    /** The order to pay */
    order_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new payment
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: StartPaymentRequest;
  };
  answer: runtime.Answer<201, StartedPayment, {
    /** true: an earlier request prepared the payment */
    idempotencyReplayed?: string;
    /** The payment's path, or that of its order while the provider has no payment */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | PaymentRefusedProblem
    | NotFoundProblem
    | OrderClosedProblem
    | PaymentUnderWayProblem
    | TooManyPaymentsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | ProviderNotConfiguredProblem
    | AmountNotTakenProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `confirmPayment`. */
export interface ConfirmPaymentOperation {
  request: {
    /** The order to pay */
    order_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new payment
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: ConfirmPaymentRequest;
  };
  answer:
    | runtime.Answer<200, Payment, {
        /** true: an earlier request confirmed the payment */
        idempotencyReplayed?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<202, Payment, {
        /** true: an earlier request confirmed the payment */
        idempotencyReplayed?: string;
        /** The payment's path */
        location: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | PaymentRefusedProblem
    | NotFoundProblem
    | OrderClosedProblem
    | PaymentUnderWayProblem
    | AmountDiffersProblem
    | PaymentUnservableProblem
    | TooManyPaymentsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | AmountNotTakenProblem
    | PaymentMismatchProblem
    | ProviderNotConfiguredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getReceipt`. */
export interface GetReceiptOperation {
  request: {
    /** The order */
    order_id: string;
  };
  answer: runtime.Answer<200, Receipt, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | OrderNotPaidProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listOrderReturns`. */
export interface ListOrderReturnsOperation {
  request: {
    /** The order */
    order_id: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, ReturnList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `requestReturn`. */
export interface RequestReturnOperation {
  request: {
    /** The order */
    order_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new return
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: RequestReturnRequest;
  };
  answer: runtime.Answer<201, Return, {
    /** true: an earlier request created the return */
    idempotencyReplayed?: string;
    /** The path of the order's returns */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | OrderNotPaidProblem
    | TooFewUnitsProblem
    | ReturnWindowClosedProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InvalidLinesProblem
    | InvalidLineProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listShipments`. */
export interface ListShipmentsOperation {
  request: {
    /** The order */
    order_id: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, ShipmentList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getPayment`. */
export interface GetPaymentOperation {
  request: {
    /** The payment */
    payment_id: string;
  };
  answer: runtime.Answer<200, Payment, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listPerformances`. */
export interface ListPerformancesOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, PerformanceList, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getPerformance`. */
export interface GetPerformanceOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Performance, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listPerformanceReviews`. */
export interface ListPerformanceReviewsOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, PublicPerformanceReviewList, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createPerformanceReview`. */
export interface CreatePerformanceReviewOperation {
  request: {
    /** The performance */
    performance_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreatePerformanceReviewRequest;
  };
  answer: runtime.Answer<201, OwnPerformanceReview, {
    /** For `If-Match` of the next change */
    etag: string;
    /** true: an earlier request wrote it */
    idempotencyReplayed?: string;
    /** Path of the caller's review */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | NotAttendedProblem
    | ShowNotOverProblem
    | ReviewExistsProblem
    | TooManyReviewsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidTextProblem
    | InvalidReviewProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getOwnPerformanceReview`. */
export interface GetOwnPerformanceReviewOperation {
  request: {
    /** The performance */
    performance_id: string;
  };
  answer: runtime.Answer<200, OwnPerformanceReview, {
    /** For `If-Match` of a change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updateOwnPerformanceReview`. */
export interface UpdateOwnPerformanceReviewOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** The `ETag` of the review as it was read, or `*` */
    ifMatch: string;
    body: UpdateOwnPerformanceReviewRequest;
  };
  answer: runtime.Answer<200, OwnPerformanceReview, {
    /** For `If-Match` of the next change */
    etag: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | ReviewFinalProblem
    | TooManyReviewsProblem
    | PreconditionFailedProblem
    | BodyTooLargeProblem
    | InvalidTextProblem
    | InvalidReviewProblem
    | PreconditionRequiredProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `deleteOwnPerformanceReview`. */
export interface DeleteOwnPerformanceReviewOperation {
  request: {
    /** The performance */
    performance_id: string;
  };
  answer: runtime.Answer<200, OwnPerformanceReview, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listShowtimes`. */
export interface ListShowtimesOperation {
  request: {
    /** The performance */
    performance_id: string;
    /** Only showtimes that start at this time or later */
    starts_from?: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, ShowtimeViewList, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listPerformers`. */
export interface ListPerformersOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, PerformerList, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getPerformer`. */
export interface GetPerformerOperation {
  request: {
    /** The performer */
    performer_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Performer, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getPlan`. */
export interface GetPlanOperation {
  request: {
    /** The plan */
    plan_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Plan, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listProducts`. */
export interface ListProductsOperation {
  request: {
    /** Only products of this category and of those below it. */
    category?: Category;
    /** `NEWEST` by default. */
    order?: "NEWEST" | "PRICE_ASC" | "PRICE_DESC" | "RECENTLY_UPDATED";
    /** `true`: only products that are not sold out. */
    available?: boolean;
    /** The currency of the prices. Required for the orders by price, which show only products with a price in it. */
    currency?: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, ProductList, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getProduct`. */
export interface GetProductOperation {
  request: {
    /** The product */
    sku: Sku;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, ProductView, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getOrderBook`. */
export interface GetOrderBookOperation {
  request: {
    /** The product */
    sku: Sku;
    /** Only this side */
    side?: Side;
    /** Bids per page and side, 100 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page; requires `side` */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, BidBook, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `placeBid`. */
export interface PlaceBidOperation {
  request: {
    /** The product */
    sku: Sku;
    /**
     * 1 to 255 visible ASCII characters, new for each new bid
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: PlaceBidRequest;
  };
  answer: runtime.Answer<201, Bid, {
    /** true: an earlier request placed it */
    idempotencyReplayed?: string;
    /** The path of the caller's bids */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | NotEnoughPointsProblem
    | VoucherOfferedProblem
    | TooManyBidsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidPriceProblem
    | InvalidDeadlineProblem
    | ProductUnavailableProblem
    | VoucherNotYoursProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `takeBid`. */
export interface TakeBidOperation {
  request: {
    /** The product */
    sku: Sku;
    /**
     * 1 to 255 visible ASCII characters, new for each new trade
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: TakeBidRequest;
  };
  answer: runtime.Answer<201, TakenBid, {
    /** true: an earlier request made it */
    idempotencyReplayed?: string;
    /** The path of the vouchers or of the wallet that the trade changed */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | NotEnoughPointsProblem
    | NothingToTakeProblem
    | PriceDiffersProblem
    | VoucherOfferedProblem
    | BidClosedProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidPriceProblem
    | VoucherNotYoursProblem
    | OwnBidProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createQuote`. */
export interface CreateQuoteOperation {
  request: {
    body: CreateQuoteRequest;
  };
  answer: runtime.Answer<200, OrderQuote, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | CouponExpiredProblem
    | CouponInUseProblem
    | BodyTooLargeProblem
    | InvalidLinesProblem
    | InvalidQuantityProblem
    | ProductUnavailableProblem
    | CurrenciesMixedProblem
    | TotalTooLargeProblem
    | ShippingMethodUnavailableProblem
    | NotShippableProblem
    | CouponNotFoundProblem
    | CouponNotApplicableProblem
    | CouponMinimumNotReachedProblem
    | CouponCurrencyDiffersProblem
    | CouponsNotCombinableProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `searchDocuments`. */
export interface SearchDocumentsOperation {
  request: {
    /** The text, of up to 64 characters */
    q?: string;
    /** Only documents of this kind */
    kind?: DocumentKind;
    /** Only this category and those below it */
    category?: Category;
    /** Only prices in this currency (ISO 4217). Required with a price, and for the orders by price */
    currency?: string;
    /** Only prices from this amount, in minor units */
    price_from?: number;
    /** Only prices up to this amount, in minor units */
    price_to?: number;
    /** The order of the results. Default: `RELEVANCE` */
    order?: "RELEVANCE" | "NEWEST" | "PRICE_ASC" | "PRICE_DESC";
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, SearchResults, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `suggestSearches`. */
export interface SuggestSearchesOperation {
  request: {
    /** The text that is being typed, up to 64 characters */
    q: string;
    /** Only documents of this kind */
    kind?: DocumentKind;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Suggestions, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getSectionTile`. */
export interface GetSectionTileOperation {
  request: {
    /** The tile, as the plan names it */
    digest: Digest;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, SectionTile, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getShowtime`. */
export interface GetShowtimeOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, ShowtimeView, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `holdSeats`. */
export interface HoldSeatsOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each hold
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    /** The token of `enter-waiting-room`, for a showtime with a waiting room */
    waitingRoomToken?: string;
    body: HoldSeatsRequest;
  };
  answer: runtime.Answer<201, Order, {
    /** true: an earlier request placed the order */
    idempotencyReplayed?: string;
    /** The order's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | NotOnSaleProblem
    | AdmissionRequiredProblem
    | SeatsTakenProblem
    | NoSeatsTogetherProblem
    | TooFewPlacesProblem
    | SingleSeatLeftProblem
    | TooManySeatsProblem
    | HoldExistsProblem
    | HoldNotReplaceableProblem
    | HoldTimeUsedUpProblem
    | TotalDiffersProblem
    | CouponExpiredProblem
    | CouponInUseProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidHoldProblem
    | UnknownSeatsProblem
    | GeneralAdmissionProblem
    | TotalTooLargeProblem
    | CouponNotFoundProblem
    | CouponNotApplicableProblem
    | CouponMinimumNotReachedProblem
    | CouponCurrencyDiffersProblem
    | CouponsNotCombinableProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createSeatQuote`. */
export interface CreateSeatQuoteOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    body: CreateSeatQuoteRequest;
  };
  answer: runtime.Answer<200, SeatQuote, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | CouponExpiredProblem
    | CouponInUseProblem
    | BodyTooLargeProblem
    | InvalidHoldProblem
    | UnknownSeatsProblem
    | GeneralAdmissionProblem
    | TotalTooLargeProblem
    | CouponNotFoundProblem
    | CouponNotApplicableProblem
    | CouponMinimumNotReachedProblem
    | CouponCurrencyDiffersProblem
    | CouponsNotCombinableProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getSeatMap`. */
export interface GetSeatMapOperation {
  request: {
    /** The showtime */
    showtime_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, SeatMapView, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listSubscriptions`. */
export interface ListSubscriptionsOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** Only subscriptions with this status */
    status?: SubscriptionStatus;
    /** Only items created at or after this time. */
    created_from?: string;
    /** Only items created before this time. */
    created_to?: string;
  };
  answer: runtime.Answer<200, SubscriptionList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createSubscription`. */
export interface CreateSubscriptionOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters, new for each new subscription
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CreateSubscriptionRequest;
  };
  answer: runtime.Answer<201, Subscription, {
    /** true: an earlier request started it */
    idempotencyReplayed?: string;
    /** The subscription's path */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | PaymentRefusedProblem
    | TotalDiffersProblem
    | CouponExpiredProblem
    | CouponInUseProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidLinesProblem
    | InvalidQuantityProblem
    | InvalidScheduleProblem
    | ProductUnavailableProblem
    | CurrenciesMixedProblem
    | TotalTooLargeProblem
    | ShippingMethodUnavailableProblem
    | NotShippableProblem
    | AddressMissingProblem
    | CouponNotFoundProblem
    | CouponNotApplicableProblem
    | CouponMinimumNotReachedProblem
    | CouponCurrencyDiffersProblem
    | AmountNotTakenProblem
    | ProviderNotConfiguredProblem
    | InvalidTextProblem
    | InvalidAddressProblem
    | InvalidContactProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getSubscription`. */
export interface GetSubscriptionOperation {
  request: {
    /** The subscription */
    subscription_id: string;
  };
  answer: runtime.Answer<200, Subscription, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `updateSubscription`. */
export interface UpdateSubscriptionOperation {
  request: {
    /** The subscription */
    subscription_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new change
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: UpdateSubscriptionRequest;
  };
  answer: runtime.Answer<200, Subscription, {
    /** true: an earlier request changed it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | PaymentRefusedProblem
    | NotFoundProblem
    | SubscriptionClosedProblem
    | PaymentUnderWayProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidLinesProblem
    | InvalidQuantityProblem
    | ProductUnavailableProblem
    | CurrenciesMixedProblem
    | TotalTooLargeProblem
    | ShippingMethodUnavailableProblem
    | NotShippableProblem
    | AddressMissingProblem
    | AmountNotTakenProblem
    | ProviderNotConfiguredProblem
    | InvalidTextProblem
    | InvalidAddressProblem
    | InvalidContactProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `cancelSubscription`. */
export interface CancelSubscriptionOperation {
  request: {
    /** The subscription */
    subscription_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: CancelSubscriptionRequest;
  };
  answer: runtime.Answer<200, Subscription, {
    /** true: it was cancelled before */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `continueSubscription`. */
export interface ContinueSubscriptionOperation {
  request: {
    /** The subscription */
    subscription_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new change
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<200, Subscription, {
    /** true: an earlier request changed it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | SubscriptionClosedProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listInvoices`. */
export interface ListInvoicesOperation {
  request: {
    /** The subscription */
    subscription_id: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, InvoiceList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `pauseSubscription`. */
export interface PauseSubscriptionOperation {
  request: {
    /** The subscription */
    subscription_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new change
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<200, Subscription, {
    /** true: an earlier request changed it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | SubscriptionClosedProblem
    | SubscriptionStatusProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `resumeSubscription`. */
export interface ResumeSubscriptionOperation {
  request: {
    /** The subscription */
    subscription_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new change
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<200, Subscription, {
    /** true: an earlier request changed it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | SubscriptionClosedProblem
    | SubscriptionStatusProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `skipPeriod`. */
export interface SkipPeriodOperation {
  request: {
    /** The subscription */
    subscription_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new change
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: SkipPeriodRequest;
  };
  answer: runtime.Answer<200, Subscription, {
    /** true: an earlier request changed it */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | SubscriptionClosedProblem
    | SubscriptionStatusProblem
    | NotNextPeriodProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getTicketKeys`. */
export interface GetTicketKeysOperation {
  request: {
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, TicketKeyList, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listTickets`. */
export interface ListTicketsOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, OwnTicketList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getTicket`. */
export interface GetTicketOperation {
  request: {
    /** The ticket */
    ticket_id: string;
  };
  answer: runtime.Answer<200, OwnTicket, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getTicketQr`. */
export interface GetTicketQrOperation {
  request: {
    /** The ticket */
    ticket_id: string;
  };
  answer: runtime.Answer<200, string, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | TicketVoidProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `replaceTicketCode`. */
export interface ReplaceTicketCodeOperation {
  request: {
    /** The ticket */
    ticket_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each new code
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<200, OwnTicket, {
    /** true: an earlier request replaced the code */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | TicketVoidProblem
    | TicketUsedProblem
    | TooManyCodesProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `createTransferOffer`. */
export interface CreateTransferOfferOperation {
  request: {
    /** The ticket */
    ticket_id: string;
    /**
     * 1 to 255 visible ASCII characters, new for each offer
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<201, TransferOffer, {
    /** true: an earlier request made the offer */
    idempotencyReplayed?: string;
    /** Path of the ticket, which has the offer's id */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | TicketVoidProblem
    | TicketUsedProblem
    | ShowCancelledProblem
    | ShowtimeStartedProblem
    | TooManyTransfersProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `deleteTransferOffer`. */
export interface DeleteTransferOfferOperation {
  request: {
    /** The ticket */
    ticket_id: string;
    /** The offer */
    transfer_offer_id: string;
  };
  answer: runtime.Answer<200, OwnTicket, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `acceptTransferOffer`. */
export interface AcceptTransferOfferOperation {
  request: {
    /** The ticket */
    ticket_id: string;
    /** The offer */
    transfer_offer_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: AcceptTransferOfferRequest;
  };
  answer: runtime.Answer<200, AcceptedTransfer, {
    /** true: an earlier request accepted the offer */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | OwnTicketProblem
    | TransferOfferExpiredProblem
    | TicketVoidProblem
    | TicketUsedProblem
    | ShowCancelledProblem
    | ShowtimeStartedProblem
    | TooManyTransfersProblem
    | TooManySeatsProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listVenues`. */
export interface ListVenuesOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, VenueList, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getVenue`. */
export interface GetVenueOperation {
  request: {
    /** The venue */
    venue_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, Venue, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listPlans`. */
export interface ListPlansOperation {
  request: {
    /** The venue */
    venue_id: string;
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, PlanList, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
        link?: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listVouchers`. */
export interface ListVouchersOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
    /** Only vouchers of this product */
    sku?: Sku;
  };
  answer: runtime.Answer<200, VoucherList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `registerVoucher`. */
export interface RegisterVoucherOperation {
  request: {
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
    body: RegisterVoucherRequest;
  };
  answer: runtime.Answer<201, Voucher, {
    /** true: the caller has registered it before */
    idempotencyReplayed?: string;
    /** The path of the caller's vouchers */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | VoucherRegisteredProblem
    | BodyTooLargeProblem
    | IdempotencyKeyReusedProblem
    | InvalidVoucherProblem
    | ProductUnavailableProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getWaitingRoom`. */
export interface GetWaitingRoomOperation {
  request: {
    /** The waiting room */
    waiting_room_id: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, WaitingRoomStatus, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `enterWaitingRoom`. */
export interface EnterWaitingRoomOperation {
  request: {
    /** The waiting room */
    waiting_room_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<200, WaitingRoomAdmission, {
    /** true: the customer had entered before */
    idempotencyReplayed?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | NotJoinedProblem
    | NotYourTurnProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `joinWaitingRoom`. */
export interface JoinWaitingRoomOperation {
  request: {
    /** The waiting room */
    waiting_room_id: string;
    /**
     * 1 to 255 visible ASCII characters
     * Default: a new key for each call.
     */
    idempotencyKey?: string;
  };
  answer: runtime.Answer<201, WaitingRoomJoin, {
    /** true: the customer had joined the room before */
    idempotencyReplayed?: string;
    /** The path of the room's status */
    location: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidIdempotencyKeyProblem
    | UnauthenticatedProblem
    | NotFoundProblem
    | IdempotencyKeyReusedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getWaitingRoomPage`. */
export interface GetWaitingRoomPageOperation {
  request: {
    /** The waiting room */
    waiting_room_id: string;
    /** A path of the same site, to go to after the admission. Default: `/` */
    return_to?: string;
    /** The `ETag` of an earlier response */
    ifNoneMatch?: string;
  };
  answer:
    | runtime.Answer<200, string, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** For `If-None-Match` of a later request */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>
    | runtime.Answer<304, undefined, {
        /** The time for which the response may be reused */
        cacheControl: string;
        /** As in `If-None-Match` */
        etag: string;
        /** The id of the request */
        requestId: string;
      }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | NotFoundProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `getWallet`. */
export interface GetWalletOperation {
  request: {};
  answer: runtime.Answer<200, Wallet, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | UnauthenticatedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `listWalletEntries`. */
export interface ListWalletEntriesOperation {
  request: {
    /** Items per page, 20 by default. A number above 100 counts as 100. */
    limit?: number;
    /** `next_cursor` of the previous page, with the same filters. */
    cursor?: string;
  };
  answer: runtime.Answer<200, EntryList, {
    /** `<?…>; rel="next"` (RFC 8288): the next page, relative to this one. Absent on the last page. */
    link?: string;
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | InvalidParameterProblem
    | UnauthenticatedProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `receiveCarrierWebhook`. */
export interface ReceiveCarrierWebhookOperation {
  request: {
    /** As the carrier sends it */
    body: unknown;
  };
  answer: runtime.Answer<200, CarrierWebhookAnswer, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidSignatureProblem
    | UnknownShipmentProblem
    | ShipmentStatusProblem
    | OrderNotPaidProblem
    | TooFewUnitsProblem
    | BodyTooLargeProblem
    | CarriersNotConfiguredProblem
    | InvalidDeliveryTimeProblem
    | InternalProblem
    | UnavailableProblem;
}

/** The types of `receiveWebhook`. */
export interface ReceiveWebhookOperation {
  request: {
    /** `toss`, `stripe` or `standard`, in lower case as paths are */
    provider: string;
    /** As the provider sends it */
    body: unknown;
  };
  answer: runtime.Answer<200, WebhookAnswer, {
    /** The id of the request */
    requestId: string;
  }>;
  problem:
    | MalformedRequestProblem
    | MalformedBodyProblem
    | InvalidSignatureProblem
    | UnknownOrderProblem
    | NotFoundProblem
    | BodyTooLargeProblem
    | ProviderNotConfiguredProblem
    | PaymentMismatchProblem
    | InternalProblem
    | UnavailableProblem;
}

/** A client of the API. Each operation is a method. */
export class Madang extends runtime.Client {
  /**
   * Returns the categories to administrators
   *
   * As `get-categories` does, but no cache may reuse it without asking. Send its `ETag` as `If-Match` with a change.
   *
   * `GET /admin/categories`
   */
  getAdminCategories(request?: GetAdminCategoriesOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetAdminCategoriesOperation>> {
    return this.call<GetAdminCategoriesOperation>({ method: "GET", path: "/admin/categories", headers: ["If-None-Match"], token: true }, request, options);
  }

  /**
   * Changes the categories
   *
   * Only what is named changes, and `null` removes (RFC 7396). `If-Match` is required: if somebody has changed the categories since
   * they were read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in any case. A
   * category with listed products, or with categories below it, is not removed. Products keep the attributes that they have, also
   * if the new declarations do not fit them.
   *
   * `PATCH /admin/categories`
   */
  updateCategories(request: UpdateCategoriesOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdateCategoriesOperation>> {
    return this.call<UpdateCategoriesOperation>({ method: "PATCH", path: "/admin/categories", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Lists all coupons
   *
   * Newest first. The list is eventually consistent: a new coupon may take a moment to appear.
   *
   * `GET /admin/coupons`
   */
  listAdminCoupons(request?: ListAdminCouponsOperation["request"], options?: runtime.Options): runtime.List<ListAdminCouponsOperation> {
    return this.list<ListAdminCouponsOperation>({ method: "GET", path: "/admin/coupons", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Creates a coupon
   *
   * Customers claim it from `claims_start_at` on: everybody, or those who have one of its codes. Its class, what it takes off, its
   * scope, its duration and its times cannot be changed, except for the end of the claims. A retry with the same key and body returns
   * it in its current state.
   *
   * `POST /admin/coupons`
   */
  createCoupon(request: CreateCouponOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateCouponOperation>> {
    return this.call<CreateCouponOperation>({ method: "POST", path: "/admin/coupons", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a coupon to administrators
   *
   * Its `ETag` is the `If-Match` of a change. `get-coupon` is for customers, and may be some seconds old.
   *
   * `GET /admin/coupons/{coupon_id}`
   */
  getAdminCoupon(request: GetAdminCouponOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetAdminCouponOperation>> {
    return this.call<GetAdminCouponOperation>({ method: "GET", path: "/admin/coupons/{coupon_id}", headers: ["If-None-Match"], token: true }, request, options);
  }

  /**
   * Changes a coupon
   *
   * Only what is named changes (RFC 7396). `If-Match` is required: if the coupon has changed since it was read, the answer is 412
   * and nothing changes. A change that is made already is answered with 200 in any case. More units can be claimed within a second.
   *
   * `PATCH /admin/coupons/{coupon_id}`
   */
  updateCoupon(request: UpdateCouponOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdateCouponOperation>> {
    return this.call<UpdateCouponOperation>({ method: "PATCH", path: "/admin/coupons/{coupon_id}", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Makes codes of a coupon
   *
   * Each code works once. Codes are not stored before they are used: the same request makes the same codes at any time. Give each
   * index away once, and keep a list of the customer of each code, so that codes can be revoked.
   *
   * `POST /admin/coupons/{coupon_id}/codes`
   */
  createCouponCodes(request: CreateCouponCodesOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateCouponCodesOperation>> {
    return this.call<CreateCouponCodesOperation>({ method: "POST", path: "/admin/coupons/{coupon_id}/codes", body: "application/json", token: true }, request, options);
  }

  /**
   * Revokes codes of a coupon
   *
   * They do not work any more, within a second. A claim that a code has made stays. Codes that are revoked already stay so, whichever
   * request revoked them. A revocation cannot be taken back: make codes with other indexes.
   *
   * `POST /admin/coupons/{coupon_id}/revoke-codes`
   */
  revokeCouponCodes(request: RevokeCouponCodesOperation["request"], options?: runtime.Options): Promise<runtime.Result<RevokeCouponCodesOperation>> {
    return this.call<RevokeCouponCodesOperation>({ method: "POST", path: "/admin/coupons/{coupon_id}/revoke-codes", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Erases the personal data of a customer
   *
   * The addresses and contacts of all orders and subscriptions of the customer cannot be read again; the orders stay, and so do the
   * notes of returns and the texts of reviews, which `update-performance-review` removes. The customer's subscriptions are cancelled
   * soon after, also those that are started within a minute. Orders that are placed later are not affected. Ship or cancel open orders
   * first: nobody knows where to send them afterwards.
   *
   * `DELETE /admin/customers/{customer_id}/personal-data`
   */
  erasePersonalData(request: ErasePersonalDataOperation["request"], options?: runtime.Options): Promise<runtime.Result<ErasePersonalDataOperation>> {
    return this.call<ErasePersonalDataOperation>({ method: "DELETE", path: "/admin/customers/{customer_id}/personal-data", token: true }, request, options);
  }

  /**
   * Lists a customer's subscriptions
   *
   * Newest first. The list is eventually consistent: a new subscription may take a moment to appear. Each page reads at most
   * 100 subscriptions, so a page with `status` and a `next_cursor` may have fewer subscriptions than `limit`, even none.
   *
   * `GET /admin/customers/{customer_id}/subscriptions`
   */
  listCustomerSubscriptions(request: ListCustomerSubscriptionsOperation["request"], options?: runtime.Options): runtime.List<ListCustomerSubscriptionsOperation> {
    return this.list<ListCustomerSubscriptionsOperation>({ method: "GET", path: "/admin/customers/{customer_id}/subscriptions", query: ["limit", "cursor", "status"], token: true }, request, options);
  }

  /**
   * Creates an export of all products
   *
   * Writes them as files of JSON Lines, in the format of imports. Poll `GET /admin/exports/{export_id}` until its status is
   * `COMPLETED`; it has the URLs of the files. A retry with the same key returns the export in its current state.
   *
   * `POST /admin/exports`
   */
  createExport(request?: CreateExportOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateExportOperation>> {
    return this.call<CreateExportOperation>({ method: "POST", path: "/admin/exports", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Returns an export
   *
   * A completed export has the URLs of its files, each for a download that starts within 15 minutes; ask again for new ones.
   * An export and its files are kept for 30 days.
   *
   * `GET /admin/exports/{export_id}`
   */
  getExport(request: GetExportOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetExportOperation>> {
    return this.call<GetExportOperation>({ method: "GET", path: "/admin/exports/{export_id}", token: true }, request, options);
  }

  /**
   * Lists the imports
   *
   * Newest first, without their errors. The list is eventually consistent: a new import may take a moment to appear.
   *
   * `GET /admin/imports`
   */
  listImports(request?: ListImportsOperation["request"], options?: runtime.Options): runtime.List<ListImportsOperation> {
    return this.list<ListImportsOperation>({ method: "GET", path: "/admin/imports", query: ["limit", "cursor", "created_from", "created_to"], token: true }, request, options);
  }

  /**
   * Creates an import and presigns the upload of its file
   *
   * `PUT` the file to `upload.url` with `upload.headers` within an hour. Then poll `GET /admin/imports/{import_id}` until its
   * status is `COMPLETED` or `FAILED`. A retry with the same key and body returns the import in its current state, and signs the
   * upload again as long as the import waits for it.
   *
   * `POST /admin/imports`
   */
  createImport(request: CreateImportOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateImportOperation>> {
    return this.call<CreateImportOperation>({ method: "POST", path: "/admin/imports", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns an import
   *
   * An import is kept for 30 days.
   *
   * `GET /admin/imports/{import_id}`
   */
  getImport(request: GetImportOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetImportOperation>> {
    return this.call<GetImportOperation>({ method: "GET", path: "/admin/imports/{import_id}", token: true }, request, options);
  }

  /**
   * Spreads a listing over shards
   *
   * Takes an hour or longer; the listing is read and written meanwhile as before. A retry with the same key returns how far it
   * is.
   *
   * `POST /admin/listings/reshard`
   */
  reshardListing(request: ReshardListingOperation["request"], options?: runtime.Options): Promise<runtime.Result<ReshardListingOperation>> {
    return this.call<ReshardListingOperation>({ method: "POST", path: "/admin/listings/reshard", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Finds orders
   *
   * For administrators. By at most one of `number`, `customer_id`, `phone_last4`, `sku`, `status` and `to_ship`, and by
   * days in the shop's timezone; newest first. An order is found some seconds after it was placed, and by its new status some seconds after that
   * has changed. An order that was not paid in time is found as `EXPIRED` a minute or two later. The orders of a page are read as
   * they are now, so it may have fewer than `limit`, even none, and a `next_cursor`.
   *
   * `GET /admin/orders`
   */
  listAdminOrders(request?: ListAdminOrdersOperation["request"], options?: runtime.Options): runtime.List<ListAdminOrdersOperation> {
    return this.list<ListAdminOrdersOperation>({ method: "GET", path: "/admin/orders", query: ["limit", "cursor", "number", "customer_id", "phone_last4", "sku", "status", "to_ship", "placed_on", "placed_from", "placed_until"], token: true }, request, options);
  }

  /**
   * Finds orders by a name or an e-mail address
   *
   * For administrators. Every word must be found in the name of the contact or recipient, or in the e-mail address. Korean names
   * are found by any part and by initial consonants, words of letters by their beginning; if nothing is found, typos are
   * tolerated. Whole names come first, each group newest first. New orders appear within some seconds. A page may have fewer
   * orders than `limit`, even none, and a `next_cursor`.
   *
   * `GET /admin/orders/search`
   */
  searchOrders(request: SearchOrdersOperation["request"], options?: runtime.Options): runtime.List<SearchOrdersOperation> {
    return this.list<SearchOrdersOperation>({ method: "GET", path: "/admin/orders/search", query: ["q", "limit", "cursor"], token: true }, request, options);
  }

  /**
   * Creates a shipment
   *
   * Counts the units as shipped: the customer can no longer cancel them. Only lines with a package are shipped, and only while the
   * shop keeps something of the payment: units that were refunded by line are cancelled and are not shipped. When only units that cost
   * nothing are left, they are shipped without that. Units that replace those of a lost parcel are taken from the stock. A retry with
   * the same key and body returns the shipment as it is now.
   *
   * `POST /admin/orders/{order_id}/shipments`
   */
  createShipment(request: CreateShipmentOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateShipmentOperation>> {
    return this.call<CreateShipmentOperation>({ method: "POST", path: "/admin/orders/{order_id}/shipments", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Requests a refund
   *
   * Refunds a payment fully or partly. The refund is made asynchronously; its status is on the payment. The order counts it neither for
   * its lines nor, without `delivery`, for the price of its delivery, and what is refunded for them later is reduced to what is left of the
   * payment. A refund that takes the place of refused or failed ones keeps what is known of their parts, and is counted once. To cancel an
   * order with its refund, use `cancel-order`; to refund returned units, `refund-return`.
   *
   * With `delivery`, the refund is refused with `payment-in-review` or `refund-under-way` while the payment is in review or another refund
   * is owed, as one of units is.
   *
   * `POST /admin/payments/{payment_id}/refunds`
   */
  requestRefund(request: RequestRefundOperation["request"], options?: runtime.Options): Promise<runtime.Result<RequestRefundOperation>> {
    return this.call<RequestRefundOperation>({ method: "POST", path: "/admin/payments/{payment_id}/refunds", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Resolves a payment review
   *
   * Decides the matter `review_id` of the payment's `reviews`. The decision `ASK_AGAIN`
   * hands it back to the reconciler; every other decision ends it.
   *
   * `POST /admin/payments/{payment_id}/review`
   */
  resolveReview(request: ResolveReviewOperation["request"], options?: runtime.Options): Promise<runtime.Result<ResolveReviewOperation>> {
    return this.call<ResolveReviewOperation>({ method: "POST", path: "/admin/payments/{payment_id}/review", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Lists performances for administrators
   *
   * Those with the status of the parameter, newest first. The list is eventually consistent: a change may take a moment to appear.
   *
   * `GET /admin/performances`
   */
  listAdminPerformances(request?: ListAdminPerformancesOperation["request"], options?: runtime.Options): runtime.List<ListAdminPerformancesOperation> {
    return this.list<ListAdminPerformancesOperation>({ method: "GET", path: "/admin/performances", query: ["status", "limit", "cursor"], token: true }, request, options);
  }

  /**
   * Creates a performance
   *
   * A retry with the same key and body returns it in its current state.
   *
   * `POST /admin/performances`
   */
  createPerformance(request: CreatePerformanceOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreatePerformanceOperation>> {
    return this.call<CreatePerformanceOperation>({ method: "POST", path: "/admin/performances", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a performance to administrators
   *
   * Listed or not. Its `ETag` is the `If-Match` of a change.
   *
   * `GET /admin/performances/{performance_id}`
   */
  getAdminPerformance(request: GetAdminPerformanceOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetAdminPerformanceOperation>> {
    return this.call<GetAdminPerformanceOperation>({ method: "GET", path: "/admin/performances/{performance_id}", headers: ["If-None-Match"], token: true }, request, options);
  }

  /**
   * Changes a performance
   *
   * Only what is named changes, and `null` clears an optional field (RFC 7396). `If-Match` is required: if somebody has changed
   * the performance since it was read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in
   * any case.
   *
   * A performance with a published showtime that is neither over nor cancelled stays `LISTED`; after that it can become a `DRAFT`, and
   * customers see it no more. Its tickets and its reviews stay. The list of its showtimes is eventually consistent, so a showtime that
   * was published a moment ago may not be in it yet. Its seats are not sold then: a hold checks the performance itself.
   *
   * `PATCH /admin/performances/{performance_id}`
   */
  updatePerformance(request: UpdatePerformanceOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdatePerformanceOperation>> {
    return this.call<UpdatePerformanceOperation>({ method: "PATCH", path: "/admin/performances/{performance_id}", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Deletes a performance
   *
   * Refused while a published showtime is neither over nor cancelled: its seats are sold or held. Customers and searches do not find
   * the performance any more, and nothing of it changes or is published. Its cast, its descriptions and its posters are removed; the
   * pictures are deleted also where another performance or a product shows them. A showtime that is published at the same moment can stay
   * public: cancel it. Its orders, tickets and reviews stay. Deleting a deleted
   * performance returns it unchanged, so a retry needs no key.
   *
   * `DELETE /admin/performances/{performance_id}`
   */
  deletePerformance(request: DeletePerformanceOperation["request"], options?: runtime.Options): Promise<runtime.Result<DeletePerformanceOperation>> {
    return this.call<DeletePerformanceOperation>({ method: "DELETE", path: "/admin/performances/{performance_id}", token: true }, request, options);
  }

  /**
   * Lists the reviews of a performance for administrators
   *
   * Those with the status of the parameter, newest first, with their authors. The list is eventually consistent: a change may take a
   * moment to appear.
   *
   * `GET /admin/performances/{performance_id}/reviews`
   */
  listAdminPerformanceReviews(request: ListAdminPerformanceReviewsOperation["request"], options?: runtime.Options): runtime.List<ListAdminPerformanceReviewsOperation> {
    return this.list<ListAdminPerformanceReviewsOperation>({ method: "GET", path: "/admin/performances/{performance_id}/reviews", query: ["status", "limit", "cursor"], token: true }, request, options);
  }

  /**
   * Hides a review of a performance, or shows it again
   *
   * Only a reason hides a review, and its stars are none: `hidden_reason` hides it, and `null` shows it again. The author still sees
   * it, with the reason. The stars of a hidden review do not count. `removes_text` removes the text, and the stars stay.
   *
   * `If-Match` is required. An empty change with `If-Match: *` returns the review with its tag. A change that is made already is
   * answered with 200 in any case. A deleted review is not found.
   *
   * `PATCH /admin/performances/{performance_id}/reviews/{performance_review_id}`
   */
  updatePerformanceReview(request: UpdatePerformanceReviewOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdatePerformanceReviewOperation>> {
    return this.call<UpdatePerformanceReviewOperation>({ method: "PATCH", path: "/admin/performances/{performance_id}/reviews/{performance_review_id}", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Lists the drafts of showtimes of a performance
   *
   * Drafts, and drafts that were cancelled, the earliest first. All others are in `list-showtimes`.
   *
   * `GET /admin/performances/{performance_id}/showtimes`
   */
  listAdminShowtimes(request: ListAdminShowtimesOperation["request"], options?: runtime.Options): runtime.List<ListAdminShowtimesOperation> {
    return this.list<ListAdminShowtimesOperation>({ method: "GET", path: "/admin/performances/{performance_id}/showtimes", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Creates a showtime
   *
   * A draft without seats: `publish-showtime` creates them. The start is the local time of the venue, by the rules of its time zone
   * on that very date. A local time that the clocks skip is refused; one that occurs twice needs `utc_offset`. A retry with the
   * same key and body returns the showtime in its current state.
   *
   * `POST /admin/performances/{performance_id}/showtimes`
   */
  createShowtime(request: CreateShowtimeOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateShowtimeOperation>> {
    return this.call<CreateShowtimeOperation>({ method: "POST", path: "/admin/performances/{performance_id}/showtimes", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Creates a performer
   *
   * A retry with the same key and body returns it in its current state.
   *
   * `POST /admin/performers`
   */
  createPerformer(request: CreatePerformerOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreatePerformerOperation>> {
    return this.call<CreatePerformerOperation>({ method: "POST", path: "/admin/performers", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a performer to administrators
   *
   * Its `ETag` is the `If-Match` of a change. `get-performer` is for customers, and may be some seconds old.
   *
   * `GET /admin/performers/{performer_id}`
   */
  getAdminPerformer(request: GetAdminPerformerOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetAdminPerformerOperation>> {
    return this.call<GetAdminPerformerOperation>({ method: "GET", path: "/admin/performers/{performer_id}", headers: ["If-None-Match"], token: true }, request, options);
  }

  /**
   * Changes a performer
   *
   * Only what is named changes, and `null` clears an optional field (RFC 7396). `If-Match` is required: if somebody has changed
   * the performer since it was read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in
   * any case.
   *
   * `PATCH /admin/performers/{performer_id}`
   */
  updatePerformer(request: UpdatePerformerOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdatePerformerOperation>> {
    return this.call<UpdatePerformerOperation>({ method: "PATCH", path: "/admin/performers/{performer_id}", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Lists all products for administrators
   *
   * The last changed product first, also drafts and unlisted products. The list follows a change within a few seconds. A product
   * that changes meanwhile moves to the first page.
   *
   * `GET /admin/products`
   */
  listAdminProducts(request?: ListAdminProductsOperation["request"], options?: runtime.Options): runtime.List<ListAdminProductsOperation> {
    return this.list<ListAdminProductsOperation>({ method: "GET", path: "/admin/products", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Creates a product
   *
   * A retry with the same key and body returns the product as it is now. Change it with `update-product`.
   *
   * `POST /admin/products`
   */
  createProduct(request: CreateProductOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateProductOperation>> {
    return this.call<CreateProductOperation>({ method: "POST", path: "/admin/products", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a product to administrators
   *
   * Also an unlisted one, and with `metadata`. Send its `ETag` as `If-Match` with a change.
   *
   * `GET /admin/products/{sku}`
   */
  getAdminProduct(request: GetAdminProductOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetAdminProductOperation>> {
    return this.call<GetAdminProductOperation>({ method: "GET", path: "/admin/products/{sku}", headers: ["If-None-Match"], token: true }, request, options);
  }

  /**
   * Changes a product
   *
   * Only what is named changes, and `null` clears an optional field (RFC 7396). `If-Match` is required: if somebody has
   * changed the product since it was read, the answer is 412 and nothing changes. A change that is made already is
   * answered with 200 in any case, so a retry after a lost response succeeds. Raising `stock_shards` spreads the stock over
   * all shards.
   *
   * `PATCH /admin/products/{sku}`
   */
  updateProduct(request: UpdateProductOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdateProductOperation>> {
    return this.call<UpdateProductOperation>({ method: "PATCH", path: "/admin/products/{sku}", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Lists a product's stock movements
   *
   * Newest first. The list is eventually consistent: a new movement may take a moment to appear. Sales are no movements: they
   * are in the orders.
   *
   * `GET /admin/products/{sku}/stock-movements`
   */
  listStockMovements(request: ListStockMovementsOperation["request"], options?: runtime.Options): runtime.List<ListStockMovementsOperation> {
    return this.list<ListStockMovementsOperation>({ method: "GET", path: "/admin/products/{sku}/stock-movements", query: ["limit", "cursor", "created_from", "created_to"], token: true }, request, options);
  }

  /**
   * Receives, corrects or writes off units
   *
   * Received units are spread over the product's shards. Only available units can be taken away, not those that an order
   * holds or has bought: if fewer are available, nothing changes. A retry with the same key and body returns the same
   * movement and moves nothing.
   *
   * `POST /admin/products/{sku}/stock-movements`
   */
  createStockMovement(request: CreateStockMovementOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateStockMovementOperation>> {
    return this.call<CreateStockMovementOperation>({ method: "POST", path: "/admin/products/{sku}/stock-movements", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Lists returns
   *
   * Those with one status, newest first: by default those that wait for a decision. The list is eventually consistent.
   *
   * `GET /admin/returns`
   */
  listReturns(request?: ListReturnsOperation["request"], options?: runtime.Options): runtime.List<ListReturnsOperation> {
    return this.list<ListReturnsOperation>({ method: "GET", path: "/admin/returns", query: ["status", "limit", "cursor"], token: true }, request, options);
  }

  /**
   * Decides about a return
   *
   * Approves or refuses a requested return, or refuses one that is approved and whose units have not arrived. The units of a refused
   * return count as kept by the customer. An approved return is refused automatically if its units have not arrived by `arrival_due_at`.
   *
   * `POST /admin/returns/{return_id}/decide`
   */
  decideReturn(request: DecideReturnOperation["request"], options?: runtime.Options): Promise<runtime.Result<DecideReturnOperation>> {
    return this.call<DecideReturnOperation>({ method: "POST", path: "/admin/returns/{return_id}/decide", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Receives a return
   *
   * Records the units of an approved return that arrived: those for sale again and those that cannot be sold. The refund is due
   * until the end of the third business day, Monday to Friday, after that.
   *
   * `POST /admin/returns/{return_id}/receive`
   */
  receiveReturn(request: ReceiveReturnOperation["request"], options?: runtime.Options): Promise<runtime.Result<ReceiveReturnOperation>> {
    return this.call<ReceiveReturnOperation>({ method: "POST", path: "/admin/returns/{return_id}/receive", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Refunds a return
   *
   * Requests the refund of the received units' part of their lines' totals, less a deduction, plus a part of the price of the
   * delivery. If less is left of the payment, because an amount was refunded without naming units, the refund is reduced to that, and
   * `reduction` says by how much. The refund is made asynchronously; its status is on the payment.
   *
   * `POST /admin/returns/{return_id}/refund`
   */
  refundReturn(request: RefundReturnOperation["request"], options?: runtime.Options): Promise<runtime.Result<RefundReturnOperation>> {
    return this.call<RefundReturnOperation>({ method: "POST", path: "/admin/returns/{return_id}/refund", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns the state of the search index
   *
   * Shows its documents, its size, and how far a rebuild has come.
   *
   * `GET /admin/search/index`
   */
  getSearchIndex(request?: GetSearchIndexOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetSearchIndexOperation>> {
    return this.call<GetSearchIndexOperation>({ method: "GET", path: "/admin/search/index", token: true }, request, options);
  }

  /**
   * Rolls the search index back
   *
   * The build that the last rebuild has replaced is searched again. Later changes are indexed within seconds. A
   * rebuild that is under way ends. The build that was searched until now is removed.
   *
   * `POST /admin/search/index/roll-back`
   */
  rollBackSearchIndex(request?: RollBackSearchIndexOperation["request"], options?: runtime.Options): Promise<runtime.Result<RollBackSearchIndexOperation>> {
    return this.call<RollBackSearchIndexOperation>({ method: "POST", path: "/admin/search/index/roll-back", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Rebuilds the search index
   *
   * Reads everything that is indexed and builds the index anew beside the one that is searched, and then replaces it. Searches and changes
   * go on meanwhile. A rebuild that is under way starts over. `get-search-index` shows the progress.
   *
   * `POST /admin/search/rebuilds`
   */
  startRebuild(request?: StartRebuildOperation["request"], options?: runtime.Options): Promise<runtime.Result<StartRebuildOperation>> {
    return this.call<StartRebuildOperation>({ method: "POST", path: "/admin/search/rebuilds", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Lists shipments by status
   *
   * Those with one status, newest first: by default those that are under way. `delivery_due_at` says which of them are overdue.
   * The list is eventually consistent.
   *
   * `GET /admin/shipments`
   */
  listShipmentsByStatus(request?: ListShipmentsByStatusOperation["request"], options?: runtime.Options): runtime.List<ListShipmentsByStatusOperation> {
    return this.list<ListShipmentsByStatusOperation>({ method: "GET", path: "/admin/shipments", query: ["status", "limit", "cursor"], token: true }, request, options);
  }

  /**
   * Closes a shipment
   *
   * Ends a shipment that is not delivered: it was recorded by mistake (`CANCELLED`), or the carrier has lost it (`LOST`). Its
   * units can be shipped again, or cancelled with a refund. Lost units are gone from the stock: a replacement takes other units, and
   * a cancellation gives none back. If the customer has surplus units of a line, a lost parcel leaves them with these, and a shipment
   * cannot be recorded as a mistake (`too-few-units`): record it as lost, and correct the stock.
   *
   * `POST /admin/shipments/{shipment_id}/close`
   */
  closeShipment(request: CloseShipmentOperation["request"], options?: runtime.Options): Promise<runtime.Result<CloseShipmentOperation>> {
    return this.call<CloseShipmentOperation>({ method: "POST", path: "/admin/shipments/{shipment_id}/close", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Delivers a shipment
   *
   * Counts the units as delivered. A shipment that is delivered is returned unchanged, whoever reported it: the carrier or an
   * administrator. A lost parcel that turns up is delivered too. Its units that were shipped again or cancelled meanwhile are `surplus`
   * of the order; `too-few-units` refuses it while units of such a line are to be shipped: ship those with the number of the parcel.
   *
   * `POST /admin/shipments/{shipment_id}/deliver`
   */
  deliverShipment(request: DeliverShipmentOperation["request"], options?: runtime.Options): Promise<runtime.Result<DeliverShipmentOperation>> {
    return this.call<DeliverShipmentOperation>({ method: "POST", path: "/admin/shipments/{shipment_id}/deliver", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a showtime to administrators
   *
   * Published or not. Its `ETag` is the `If-Match` of a change.
   *
   * `GET /admin/showtimes/{showtime_id}`
   */
  getAdminShowtime(request: GetAdminShowtimeOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetAdminShowtimeOperation>> {
    return this.call<GetAdminShowtimeOperation>({ method: "GET", path: "/admin/showtimes/{showtime_id}", headers: ["If-None-Match"], token: true }, request, options);
  }

  /**
   * Changes a showtime
   *
   * Only what is named changes (RFC 7396). `If-Match` is required: if somebody has changed the showtime since it was read, the
   * answer is 412 and nothing changes. A change that is made already is answered with 200 in any case. A new local time or plan
   * makes a new start, and customers who booked before give their seats back free of charge. Once the seats exist, the plan, the zones of each class and the currency stay; amounts may change, and an
   * order keeps the price of its time. A cancelled showtime does not change.
   *
   * `PATCH /admin/showtimes/{showtime_id}`
   */
  updateShowtime(request: UpdateShowtimeOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdateShowtimeOperation>> {
    return this.call<UpdateShowtimeOperation>({ method: "PATCH", path: "/admin/showtimes/{showtime_id}", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Blocks seats
   *
   * All of them or none. A blocked seat is not sold. A seat that is blocked already stays so. A seat that is held or sold is refused, and nothing changes.
   * `general` blocks so many free places of an area of general admission; a second request blocks as many more.
   *
   * A retry with the same key and body changes nothing more and returns the present states of the seats, or of the area.
   *
   * `POST /admin/showtimes/{showtime_id}/block-seats`
   */
  blockSeats(request: BlockSeatsOperation["request"], options?: runtime.Options): Promise<runtime.Result<BlockSeatsOperation>> {
    return this.call<BlockSeatsOperation>({ method: "POST", path: "/admin/showtimes/{showtime_id}/block-seats", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Checks a ticket in
   *
   * A ticket admits once: of two scans at the same moment one is answered with the ticket and the other with
   * `already-checked-in`, which tells when and where. A retry with the same key is the same scan, whoever sends it. Send a new UUID
   * as the key of each scan, and the same one if the scan is uploaded later, because no answer came. A key that was used for another
   * ticket is not noticed.
   *
   * Check-in opens two hours before the doors, or before the start of a showtime without a time of the doors, unless the shop has set
   * another time. Nobody is admitted to a cancelled showtime.
   *
   * `POST /admin/showtimes/{showtime_id}/check-ins`
   */
  checkInTicket(request: CheckInTicketOperation["request"], options?: runtime.Options): Promise<runtime.Result<CheckInTicketOperation>> {
    return this.call<CheckInTicketOperation>({ method: "POST", path: "/admin/showtimes/{showtime_id}/check-ins", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Publishes a showtime
   *
   * Creates the seats of a draft, all free, and publishes it: on sale, or closed, so that seats can be blocked before the sale. A
   * showtime that was published already is returned as it is. A request that breaks off half-way is completed by the next one.
   * The performance must be `LISTED`, and the prices must have the currency of its refund policy.
   *
   * `POST /admin/showtimes/{showtime_id}/publish`
   */
  publishShowtime(request: PublishShowtimeOperation["request"], options?: runtime.Options): Promise<runtime.Result<PublishShowtimeOperation>> {
    return this.call<PublishShowtimeOperation>({ method: "POST", path: "/admin/showtimes/{showtime_id}/publish", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Releases seats
   *
   * All of them or none. A seat that is free already stays so. A seat that is held or sold is refused, and nothing changes.
   * `general` releases so many blocked places of an area of general admission; a second request releases as many more.
   *
   * A retry with the same key and body changes nothing more and returns the present states of the seats, or of the area.
   *
   * `POST /admin/showtimes/{showtime_id}/release-seats`
   */
  releaseSeats(request: ReleaseSeatsOperation["request"], options?: runtime.Options): Promise<runtime.Result<ReleaseSeatsOperation>> {
    return this.call<ReleaseSeatsOperation>({ method: "POST", path: "/admin/showtimes/{showtime_id}/release-seats", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Records scans of a device that had no network
   *
   * Each scan has a result of its own. A scan that was recorded before is not recorded again. The device has admitted the holder, so a
   * code that was replaced since counts too. Whether check-in was open follows from the time of the scan, which `sent_at` corrects if the
   * clock of the device is wrong. Send at most 100 scans a request, and send all of them again if no answer comes.
   *
   * `POST /admin/showtimes/{showtime_id}/scans`
   */
  uploadScans(request: UploadScansOperation["request"], options?: runtime.Options): Promise<runtime.Result<UploadScansOperation>> {
    return this.call<UploadScansOperation>({ method: "POST", path: "/admin/showtimes/{showtime_id}/scans", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Lists the tickets of a showtime
   *
   * The door list, by the parts of the house, with void tickets too. A scanner that loads it refuses void tickets and replaced codes
   * without a network. The list is eventually consistent; the tickets are read consistently. A page reads at most 10 parts, so a page
   * with a `next_cursor` may have fewer tickets than `limit`, even none.
   *
   * `GET /admin/showtimes/{showtime_id}/tickets`
   */
  listShowtimeTickets(request: ListShowtimeTicketsOperation["request"], options?: runtime.Options): runtime.List<ListShowtimeTicketsOperation> {
    return this.list<ListShowtimeTicketsOperation>({ method: "GET", path: "/admin/showtimes/{showtime_id}/tickets", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Resolves a charge with an unknown outcome
   *
   * `CHARGED` creates the period's order, or refunds the charge if the subscription has
   * ended. `NOT_CHARGED` counts as a decline, and the charge is retried. `ASK_AGAIN` queries the provider again.
   * The period is in review when the outcome has been unknown for a day. No decision is taken while the provider is being
   * called, or if it was called after `looked_up_at`.
   *
   * `POST /admin/subscriptions/{subscription_id}/invoices/{period}/review`
   */
  resolveCharge(request: ResolveChargeOperation["request"], options?: runtime.Options): Promise<runtime.Result<ResolveChargeOperation>> {
    return this.call<ResolveChargeOperation>({ method: "POST", path: "/admin/subscriptions/{subscription_id}/invoices/{period}/review", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Lists the transfers of a ticket
   *
   * Each transfer with giver, receiver and time. It has no further page: a ticket changes hands at most four times.
   *
   * `GET /admin/tickets/{ticket_id}/transfers`
   */
  listTicketTransfers(request: ListTicketTransfersOperation["request"], options?: runtime.Options): Promise<runtime.Result<ListTicketTransfersOperation>> {
    return this.call<ListTicketTransfersOperation>({ method: "GET", path: "/admin/tickets/{ticket_id}/transfers", token: true }, request, options);
  }

  /**
   * Undoes a check-in
   *
   * The ticket admits again, can be passed on, and its seat can be given back. The ticket keeps who has undone which scan, and why. The
   * scan itself stays undone: a device that uploads it again does not check the ticket in. A check-in is undone once, whichever request
   * asks for it.
   *
   * `POST /admin/tickets/{ticket_id}/undo-check-in`
   */
  undoCheckIn(request: UndoCheckInOperation["request"], options?: runtime.Options): Promise<runtime.Result<UndoCheckInOperation>> {
    return this.call<UndoCheckInOperation>({ method: "POST", path: "/admin/tickets/{ticket_id}/undo-check-in", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Creates a venue
   *
   * A retry with the same key and body returns it in its current state.
   *
   * `POST /admin/venues`
   */
  createVenue(request: CreateVenueOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateVenueOperation>> {
    return this.call<CreateVenueOperation>({ method: "POST", path: "/admin/venues", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a venue to administrators
   *
   * Its `ETag` is the `If-Match` of a change. `get-venue` is for customers, and may be some seconds old.
   *
   * `GET /admin/venues/{venue_id}`
   */
  getAdminVenue(request: GetAdminVenueOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetAdminVenueOperation>> {
    return this.call<GetAdminVenueOperation>({ method: "GET", path: "/admin/venues/{venue_id}", headers: ["If-None-Match"], token: true }, request, options);
  }

  /**
   * Changes a venue
   *
   * Only what is named changes, and `null` clears an optional field (RFC 7396). `If-Match` is required: if somebody has changed
   * the venue since it was read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in
   * any case. The time zone cannot be changed.
   *
   * `PATCH /admin/venues/{venue_id}`
   */
  updateVenue(request: UpdateVenueOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdateVenueOperation>> {
    return this.call<UpdateVenueOperation>({ method: "PATCH", path: "/admin/venues/{venue_id}", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Creates a seating plan
   *
   * A plan never changes: a change of the house is a new plan. Rows of more than 28 seats are split at their aisles. An area
   * of general admission has a number of places and no seats. The body has at most 1 MB. A retry with the same key and body returns the same plan.
   *
   * `POST /admin/venues/{venue_id}/plans`
   */
  createPlan(request: CreatePlanOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreatePlanOperation>> {
    return this.call<CreatePlanOperation>({ method: "POST", path: "/admin/venues/{venue_id}/plans", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Lists all waiting rooms
   *
   * By their openings, the latest first. The list is eventually consistent: a new room, or a change, may take a moment to appear.
   *
   * `GET /admin/waiting-rooms`
   */
  listAdminWaitingRooms(request?: ListAdminWaitingRoomsOperation["request"], options?: runtime.Options): runtime.List<ListAdminWaitingRoomsOperation> {
    return this.list<ListAdminWaitingRoomsOperation>({ method: "GET", path: "/admin/waiting-rooms", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Creates a waiting room
   *
   * It guards the showtimes and coupons that name it in `waiting_room_id`. Customers can join at once. The hashes of the seeds that
   * decide the order are public from now on, and each seed once no draw of it can be chosen any more. A retry with the same key and
   * body returns the room in its current state.
   *
   * `POST /admin/waiting-rooms`
   */
  createWaitingRoom(request: CreateWaitingRoomOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateWaitingRoomOperation>> {
    return this.call<CreateWaitingRoomOperation>({ method: "POST", path: "/admin/waiting-rooms", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a waiting room to administrators
   *
   * Its `ETag` is the `If-Match` of a change. `get-waiting-room` is for customers. The seed is shown to nobody before the early comers
   * are counted.
   *
   * `GET /admin/waiting-rooms/{waiting_room_id}`
   */
  getAdminWaitingRoom(request: GetAdminWaitingRoomOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetAdminWaitingRoomOperation>> {
    return this.call<GetAdminWaitingRoomOperation>({ method: "GET", path: "/admin/waiting-rooms/{waiting_room_id}", headers: ["If-None-Match"], token: true }, request, options);
  }

  /**
   * Changes a waiting room
   *
   * Only what is named changes (RFC 7396). `If-Match` is required: if the room has changed since it was read, the answer is 412 and
   * nothing changes. A change that is made already is answered with 200 in any case. Another rate counts from now on, and takes
   * effect after two seconds; the turns that were given before stay.
   *
   * `PATCH /admin/waiting-rooms/{waiting_room_id}`
   */
  updateWaitingRoom(request: UpdateWaitingRoomOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdateWaitingRoomOperation>> {
    return this.call<UpdateWaitingRoomOperation>({ method: "PATCH", path: "/admin/waiting-rooms/{waiting_room_id}", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Lists the caller's bids
   *
   * Newest first. The list is eventually consistent: a new bid may take a moment to appear. Each page reads at most 100
   * bids, so a page with `sku` and a `next_cursor` may have fewer bids than `limit`, even none.
   *
   * `GET /bids`
   */
  listBids(request?: ListBidsOperation["request"], options?: runtime.Options): runtime.List<ListBidsOperation> {
    return this.list<ListBidsOperation>({ method: "GET", path: "/bids", query: ["limit", "cursor", "sku"], token: true }, request, options);
  }

  /**
   * Cancels an open bid
   *
   * Its points or its voucher are released at once. Cancelling a cancelled bid returns it unchanged. A bid past its
   * deadline cannot be cancelled, but the request releases what it held.
   *
   * `POST /bids/{bid_id}/cancel`
   */
  cancelBid(request: CancelBidOperation["request"], options?: runtime.Options): Promise<runtime.Result<CancelBidOperation>> {
    return this.call<CancelBidOperation>({ method: "POST", path: "/bids/{bid_id}/cancel", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Returns the categories
   *
   * The whole tree, with the attributes that each category declares for its products. A cache may
   * reuse it: administrators who change it read `get-admin-categories`.
   *
   * `GET /categories`
   */
  getCategories(request?: GetCategoriesOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetCategoriesOperation>> {
    return this.call<GetCategoriesOperation>({ method: "GET", path: "/categories", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Lists the caller's claims of coupons
   *
   * Newest first. The list is eventually consistent: a new claim may take a moment to appear.
   *
   * `GET /coupon-claims`
   */
  listClaims(request?: ListClaimsOperation["request"], options?: runtime.Options): runtime.List<ListClaimsOperation> {
    return this.list<ListClaimsOperation>({ method: "GET", path: "/coupon-claims", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Claims a coupon with a code
   *
   * A code works once. Sent again by the customer who used it, it returns the claim in its current state, at any time. A customer has at
   * most one claim of a coupon: with `coupon-claimed`, a second code stays unused.
   *
   * After ten wrong codes in an hour, no other code of the customer is looked at until the hour is over. The first three are answered
   * with the reason, the others with `coupon-code-invalid` whatever it is. A text that cannot be a code, and a code that is sent too
   * early, do not count, and neither does the last wrong code when it is sent again.
   *
   * `POST /coupon-claims`
   */
  claimCouponCode(request: ClaimCouponCodeOperation["request"], options?: runtime.Options): Promise<runtime.Result<ClaimCouponCodeOperation>> {
    return this.call<ClaimCouponCodeOperation>({ method: "POST", path: "/coupon-claims", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a coupon
   *
   * At most 15 seconds old. `exhausted_at` says that nobody can claim it any more, unless its total is raised.
   *
   * `GET /coupons/{coupon_id}`
   */
  getCoupon(request: GetCouponOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetCouponOperation>> {
    return this.call<GetCouponOperation>({ method: "GET", path: "/coupons/{coupon_id}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Claims a coupon
   *
   * A customer has at most one claim of a coupon: any other request returns it in its current state. Units are given to those who
   * come first, but requests of the same moment are in no order. Name the claim in a checkout to redeem it. If the coupon has a
   * `waiting_room_id`, a new claim needs the token of an admission by that room.
   *
   * `POST /coupons/{coupon_id}/claims`
   */
  claimCoupon(request: ClaimCouponOperation["request"], options?: runtime.Options): Promise<runtime.Result<ClaimCouponOperation>> {
    return this.call<ClaimCouponOperation>({ method: "POST", path: "/coupons/{coupon_id}/claims", headers: ["Idempotency-Key", "Waiting-Room-Token"], token: true }, request, options);
  }

  /**
   * Creates an image and presigns its upload
   *
   * `PUT` the file to `url` with `headers` within ten minutes. Then poll `GET /images/{image_id}` until its status is
   * `READY` or `REJECTED`. A retry with the same key and body signs the upload again. An upload of an image that has been
   * deleted since is discarded.
   *
   * `POST /images`
   */
  presignUpload(request: PresignUploadOperation["request"], options?: runtime.Options): Promise<runtime.Result<PresignUploadOperation>> {
    return this.call<PresignUploadOperation>({ method: "POST", path: "/images", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns an image
   *
   * Requires no token: anyone who has the id can read the image, as with its variants. The customer is not disclosed.
   *
   * `GET /images/{image_id}`
   */
  getImage(request: GetImageOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetImageOperation>> {
    return this.call<GetImageOperation>({ method: "GET", path: "/images/{image_id}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Deletes an image
   *
   * Customers delete their own images; administrators delete any. The files are removed soon after. A later upload is
   * discarded. Deleting a deleted image returns it unchanged, so a retry needs no key.
   *
   * `DELETE /images/{image_id}`
   */
  deleteImage(request: DeleteImageOperation["request"], options?: runtime.Options): Promise<runtime.Result<DeleteImageOperation>> {
    return this.call<DeleteImageOperation>({ method: "DELETE", path: "/images/{image_id}", token: true }, request, options);
  }

  /**
   * Lists the caller's orders
   *
   * Newest first. The list is eventually consistent: a new order may take a moment to appear. Each page reads at most 100
   * orders, so a page with `status` and a `next_cursor` may have fewer orders than `limit`, even none.
   *
   * `GET /orders`
   */
  listOrders(request?: ListOrdersOperation["request"], options?: runtime.Options): runtime.List<ListOrdersOperation> {
    return this.list<ListOrdersOperation>({ method: "GET", path: "/orders", query: ["limit", "cursor", "status", "created_from", "created_to"], token: true }, request, options);
  }

  /**
   * Places an order
   *
   * Reserves the stock until `expires_at`. With `coupon_claim_ids`, the order redeems the customer's coupons, which go back if the order
   * is not paid. The coupon of the seller applies first, and that of the platform to what it left. An order whose total is 0 is `PAID`
   * at once and needs no payment. A retry with the same key and body returns the order in its current state.
   *
   * `POST /orders`
   */
  checkout(request: CheckoutOperation["request"], options?: runtime.Options): Promise<runtime.Result<CheckoutOperation>> {
    return this.call<CheckoutOperation>({ method: "POST", path: "/orders", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns an order
   *
   * An unpaid order past its deadline is returned as `EXPIRED`, even if its stock is not released yet.
   *
   * `GET /orders/{order_id}`
   */
  getOrder(request: GetOrderOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetOrderOperation>> {
    return this.call<GetOrderOperation>({ method: "GET", path: "/orders/{order_id}", token: true }, request, options);
  }

  /**
   * Cancels an order
   *
   * Releases the order's stock at once; what is kept of its payment is refunded soon after. Cancelling a cancelled order
   * returns it unchanged. An administrator can cancel any order, such as one whose payment was taken back; points of it that
   * are spent or held are then owed.
   *
   * When a customer cancels paid seats, the refund is less the fee of that day, by the refund policy of the order: `cancellation_fee`
   * of each line. `create-cancellation-quote` says what is refunded, and `expected_refund` protects the customer from a fee that has
   * risen since. The tickets become void at once; a seat whose ticket was checked in stays, and one whose ticket somebody else holds,
   * unless the showtime is cancelled. An administrator gives the seats of others back without a fee.
   *
   * Each coupon of an order goes back to its customer, unless the customer cancels a paid order and the coupon's terms say that it
   * stays used.
   *
   * With `lines`, cancels only these units of a paid order, and refunds their part of the lines' totals. Shipped units can
   * no longer be cancelled. Units that are all that is left of an order of which nothing is shipped cancel the order.
   *
   * `POST /orders/{order_id}/cancel`
   */
  cancelOrder(request: CancelOrderOperation["request"], options?: runtime.Options): Promise<runtime.Result<CancelOrderOperation>> {
    return this.call<CancelOrderOperation>({ method: "POST", path: "/orders/{order_id}/cancel", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Says what a cancellation would refund
   *
   * Computed by the same code as the cancellation, which is refused for the same reasons; the points that an order bought are not
   * looked at. Fees rise with the time: until `valid_until` they stay the same. Send `refund` as `expected_refund` of the cancellation.
   *
   * `POST /orders/{order_id}/cancellation-quotes`
   */
  createCancellationQuote(request: CreateCancellationQuoteOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateCancellationQuoteOperation>> {
    return this.call<CreateCancellationQuoteOperation>({ method: "POST", path: "/orders/{order_id}/cancellation-quotes", body: "application/json", token: true }, request, options);
  }

  /**
   * Returns who receives an order, and where
   *
   * For the customer of the order and for administrators. `not-found` if the order has no delivery details, or they were
   * erased.
   *
   * `GET /orders/{order_id}/delivery-details`
   */
  getDeliveryDetails(request: GetDeliveryDetailsOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetDeliveryDetailsOperation>> {
    return this.call<GetDeliveryDetailsOperation>({ method: "GET", path: "/orders/{order_id}/delivery-details", token: true }, request, options);
  }

  /**
   * Starts a payment
   *
   * Prepares a payment of an order. Charges nothing. A retry with the same key and body returns the same payment.
   *
   * `POST /orders/{order_id}/payments`
   */
  startPayment(request: StartPaymentOperation["request"], options?: runtime.Options): Promise<runtime.Result<StartPaymentOperation>> {
    return this.call<StartPaymentOperation>({ method: "POST", path: "/orders/{order_id}/payments", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Confirms a payment
   *
   * Confirms the payment at its provider, which charges it and pays the order. A retry with the same key and body does
   * not charge again and returns the payment in its current state.
   *
   * `POST /orders/{order_id}/payments/confirm`
   */
  confirmPayment(request: ConfirmPaymentOperation["request"], options?: runtime.Options): Promise<runtime.Result<ConfirmPaymentOperation>> {
    return this.call<ConfirmPaymentOperation>({ method: "POST", path: "/orders/{order_id}/payments/confirm", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns the receipt of an order
   *
   * For a paid order, also after its cancellation: the receipt shows what was refunded. Answered as JSON, or with
   * `Accept: text/html` as a page to print. Customers read the receipts of their own orders, administrators those of any.
   *
   * `GET /orders/{order_id}/receipt`
   */
  getReceipt(request: GetReceiptOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetReceiptOperation>> {
    return this.call<GetReceiptOperation>({ method: "GET", path: "/orders/{order_id}/receipt", token: true }, request, options);
  }

  /**
   * Lists the returns of an order
   *
   * Newest first. The list is eventually consistent: a new return may take a moment to appear.
   *
   * `GET /orders/{order_id}/returns`
   */
  listOrderReturns(request: ListOrderReturnsOperation["request"], options?: runtime.Options): runtime.List<ListOrderReturnsOperation> {
    return this.list<ListOrderReturnsOperation>({ method: "GET", path: "/orders/{order_id}/returns", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Requests a return
   *
   * Only delivered units, and at most those that are neither returned nor in another return. A customer can request it until the
   * end of the last of the shop's return days, 7 by default, after the day of the line's latest delivery; an administrator
   * later too. The days are those of the country of the order's address, and end not before those of the shop's timezone; in a country
   * with several timezones they end where they end last. The customer waits for the shop's decision before sending anything.
   *
   * `POST /orders/{order_id}/returns`
   */
  requestReturn(request: RequestReturnOperation["request"], options?: runtime.Options): Promise<runtime.Result<RequestReturnOperation>> {
    return this.call<RequestReturnOperation>({ method: "POST", path: "/orders/{order_id}/returns", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Lists the shipments of an order
   *
   * Newest first. The list is eventually consistent: a new shipment may take a moment to appear.
   *
   * `GET /orders/{order_id}/shipments`
   */
  listShipments(request: ListShipmentsOperation["request"], options?: runtime.Options): runtime.List<ListShipmentsOperation> {
    return this.list<ListShipmentsOperation>({ method: "GET", path: "/orders/{order_id}/shipments", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Returns a payment
   *
   * Customers read their own payments; administrators read any. Only administrators see reviews, the notes of
   * refunds, and who requested them.
   *
   * `GET /payments/{payment_id}`
   */
  getPayment(request: GetPaymentOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetPaymentOperation>> {
    return this.call<GetPaymentOperation>({ method: "GET", path: "/payments/{payment_id}", token: true }, request, options);
  }

  /**
   * Lists the performances
   *
   * Newest first, without drafts. The list is eventually consistent: a new performance may take a moment to appear.
   *
   * `GET /performances`
   */
  listPerformances(request?: ListPerformancesOperation["request"], options?: runtime.Options): runtime.List<ListPerformancesOperation> {
    return this.list<ListPerformancesOperation>({ method: "GET", path: "/performances", query: ["limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns a performance
   *
   * A draft is not returned.
   *
   * `GET /performances/{performance_id}`
   */
  getPerformance(request: GetPerformanceOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetPerformanceOperation>> {
    return this.call<GetPerformanceOperation>({ method: "GET", path: "/performances/{performance_id}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Lists the reviews of a performance
   *
   * The visible ones, newest first. Only customers who have attended write one. The counters of the rating are those of all visible reviews at
   * the moment of the answer; the list is eventually consistent, so a review that was just written, hidden or deleted may take a
   * moment to appear or disappear. A performance that does not exist has no reviews.
   *
   * `GET /performances/{performance_id}/reviews`
   */
  listPerformanceReviews(request: ListPerformanceReviewsOperation["request"], options?: runtime.Options): runtime.List<ListPerformanceReviewsOperation> {
    return this.list<ListPerformanceReviewsOperation>({ method: "GET", path: "/performances/{performance_id}/reviews", query: ["limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Reviews a performance
   *
   * For those who have attended: the holder of a ticket that was checked in, or, where the shop does not scan, of a valid one, once the
   * show is over. A customer has one review of a performance, and writes or edits at most 10 reviews a day (UTC). Everybody sees it,
   * without a name. The ticket is checked in the transaction that records the review.
   *
   * After a deletion the customer can write another one; if the deleted one was hidden, it is hidden too. A retry with the same key
   * returns the review in its current state.
   *
   * `POST /performances/{performance_id}/reviews`
   */
  createPerformanceReview(request: CreatePerformanceReviewOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreatePerformanceReviewOperation>> {
    return this.call<CreatePerformanceReviewOperation>({ method: "POST", path: "/performances/{performance_id}/reviews", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns the caller's review of a performance
   *
   * Also a hidden one, with the reason. Its `ETag` is the `If-Match` of a change.
   *
   * `GET /performances/{performance_id}/reviews/mine`
   */
  getOwnPerformanceReview(request: GetOwnPerformanceReviewOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetOwnPerformanceReviewOperation>> {
    return this.call<GetOwnPerformanceReviewOperation>({ method: "GET", path: "/performances/{performance_id}/reviews/mine", token: true }, request, options);
  }

  /**
   * Changes the caller's review of a performance
   *
   * Only what is named changes, and `null` clears the text (RFC 7396). `If-Match` is required: if the review has changed since it was
   * read, the answer is 412 and nothing changes. A change that is made already is answered with 200 in any case. A review can be
   * edited for 30 days. A hidden one stays hidden.
   *
   * `PATCH /performances/{performance_id}/reviews/mine`
   */
  updateOwnPerformanceReview(request: UpdateOwnPerformanceReviewOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdateOwnPerformanceReviewOperation>> {
    return this.call<UpdateOwnPerformanceReviewOperation>({ method: "PATCH", path: "/performances/{performance_id}/reviews/mine", headers: ["If-Match"], body: "application/merge-patch+json", token: true }, request, options);
  }

  /**
   * Deletes the caller's review of a performance
   *
   * Its text is removed, and its stars do not count any more. Deleting a deleted review returns it unchanged, so a retry needs no key.
   *
   * `DELETE /performances/{performance_id}/reviews/mine`
   */
  deleteOwnPerformanceReview(request: DeleteOwnPerformanceReviewOperation["request"], options?: runtime.Options): Promise<runtime.Result<DeleteOwnPerformanceReviewOperation>> {
    return this.call<DeleteOwnPerformanceReviewOperation>({ method: "DELETE", path: "/performances/{performance_id}/reviews/mine", token: true }, request, options);
  }

  /**
   * Lists the showtimes of a performance
   *
   * Those that are published, the earliest first, also the closed and cancelled ones. The list is eventually consistent: a change may
   * take a moment to appear. `remaining` says about how many seats of each class were free at `counted_at`, some seconds after the
   * latest change of a seat; `get-showtime` counts them now.
   *
   * `GET /performances/{performance_id}/showtimes`
   */
  listShowtimes(request: ListShowtimesOperation["request"], options?: runtime.Options): runtime.List<ListShowtimesOperation> {
    return this.list<ListShowtimesOperation>({ method: "GET", path: "/performances/{performance_id}/showtimes", query: ["starts_from", "limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Lists the performers
   *
   * Newest first. The list is eventually consistent: a new performer may take a moment to appear.
   *
   * `GET /performers`
   */
  listPerformers(request?: ListPerformersOperation["request"], options?: runtime.Options): runtime.List<ListPerformersOperation> {
    return this.list<ListPerformersOperation>({ method: "GET", path: "/performers", query: ["limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns a performer
   *
   * At most 15 seconds old. Administrators read it with `get-admin-performer` before they change it.
   *
   * `GET /performers/{performer_id}`
   */
  getPerformer(request: GetPerformerOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetPerformerOperation>> {
    return this.call<GetPerformerOperation>({ method: "GET", path: "/performers/{performer_id}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns a seating plan
   *
   * Its seats are in the tiles of its sections: `GET /section-tiles/{digest}`.
   *
   * `GET /plans/{plan_id}`
   */
  getPlan(request: GetPlanOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetPlanOperation>> {
    return this.call<GetPlanOperation>({ method: "GET", path: "/plans/{plan_id}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Lists products
   *
   * Products that are listed now, of the whole shop or of a category. A category without products is an empty list. The list
   * follows a change of a product or of its stock within a few seconds. A walk by `NEWEST` or by price shows each product that
   * does not change meanwhile exactly once; with `RECENTLY_UPDATED`, a product that changes moves to the front, and may be
   * missed or shown twice.
   *
   * `GET /products`
   */
  listProducts(request?: ListProductsOperation["request"], options?: runtime.Options): runtime.List<ListProductsOperation> {
    return this.list<ListProductsOperation>({ method: "GET", path: "/products", query: ["category", "order", "available", "currency", "limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns a product
   *
   * An unlisted product is not returned.
   *
   * `GET /products/{sku}`
   */
  getProduct(request: GetProductOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetProductOperation>> {
    return this.call<GetProductOperation>({ method: "GET", path: "/products/{sku}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns the order book of a product
   *
   * Without `side`, returns the first page of both sides. With it, a page of that side, with the header `Link`. Expired bids are not returned. A page with a `next_cursor` may
   * have fewer bids than `limit`, even none.
   *
   * `GET /products/{sku}/bids`
   */
  getOrderBook(request: GetOrderBookOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetOrderBookOperation>> {
    return this.call<GetOrderBookOperation>({ method: "GET", path: "/products/{sku}/bids", query: ["side", "limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Places a bid
   *
   * Holds the price in the caller's wallet, or the voucher. If the other side has a bid at this price or a better one, the
   * two are traded at once, at the price of the bid that was on the order book first. A retry with the same key and body
   * returns the bid in its current state.
   *
   * `POST /products/{sku}/bids`
   */
  placeBid(request: PlaceBidOperation["request"], options?: runtime.Options): Promise<runtime.Result<PlaceBidOperation>> {
    return this.call<PlaceBidOperation>({ method: "POST", path: "/products/{sku}/bids", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Takes the best bid of the other side
   *
   * At the same price, the oldest bid is taken. The caller's own bids are skipped. A retry with the same key and body
   * returns the same trade.
   *
   * `POST /products/{sku}/bids/take`
   */
  takeBid(request: TakeBidOperation["request"], options?: runtime.Options): Promise<runtime.Result<TakeBidOperation>> {
    return this.call<TakeBidOperation>({ method: "POST", path: "/products/{sku}/bids/take", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Prices an order
   *
   * Says what a checkout of the same items and coupons costs now, and which shipping methods fit. It takes neither stock nor the
   * coupons, and is not remembered, so it has no `Idempotency-Key`.
   *
   * `POST /quotes`
   */
  createQuote(request: CreateQuoteOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateQuoteOperation>> {
    return this.call<CreateQuoteOperation>({ method: "POST", path: "/quotes", body: "application/json", token: true }, request, options);
  }

  /**
   * Searches all documents
   *
   * Products, performances, performers and venues are found at once. Every word must be found in a title, a brand, the name of a
   * performer or another name. Korean words are found anywhere in a text, with or
   * without spaces, and by initial consonants; words of letters and digits by their beginning. If nothing is found, typos are
   * tolerated. Without `q`, all documents that the filters leave are found. New and changed documents appear within
   * seconds. There is no number of results.
   *
   * `GET /search`
   */
  searchDocuments(request?: SearchDocumentsOperation["request"], options?: runtime.Options): runtime.List<SearchDocumentsOperation> {
    return this.list<SearchDocumentsOperation>({ method: "GET", path: "/search", query: ["q", "kind", "category", "currency", "price_from", "price_to", "order", "limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Suggests searches
   *
   * For a search field: each keystroke may send what it holds. The last syllable may be half-typed, and initial consonants
   * stand for their syllables.
   *
   * `GET /search/suggestions`
   */
  suggestSearches(request: SuggestSearchesOperation["request"], options?: runtime.Options): Promise<runtime.Result<SuggestSearchesOperation>> {
    return this.call<SuggestSearchesOperation>({ method: "GET", path: "/search/suggestions", query: ["q", "kind"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns the seats of a section with their places
   *
   * A tile is named after its content and never changes, so it may be kept for a year.
   *
   * `GET /section-tiles/{digest}`
   */
  getSectionTile(request: GetSectionTileOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetSectionTileOperation>> {
    return this.call<GetSectionTileOperation>({ method: "GET", path: "/section-tiles/{digest}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns a showtime
   *
   * With about how many seats and places of each class are free. A draft is not returned.
   *
   * `GET /showtimes/{showtime_id}`
   */
  getShowtime(request: GetShowtimeOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetShowtimeOperation>> {
    return this.call<GetShowtimeOperation>({ method: "GET", path: "/showtimes/{showtime_id}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Holds seats
   *
   * All of them or none, until `expires_at` of the order that is returned: pay it like any order. Send one of `seats`,
   * `best`, which chooses seats side by side near the front and the middle of a row, and `general`, which takes free places of an area
   * of general admission: these are not chosen, and it is refused only if the area has fewer free ones. A retry with the same key and body returns the order in its current state.
   *
   * A plan can have accessible seats, and seats of their companions. Anybody can choose them. `best` chooses them if `accessible` is
   * true, at least one accessible seat and no companion's seat without it. Otherwise it chooses them only when all others of the class
   * are sold or blocked.
   *
   * `seats-taken` and `single-seat-left` have the rows as they are now, so that a page can draw them anew.
   *
   * A customer has at most one hold of a showtime at a time, at most as many seats as the performance allows over all orders, and
   * limited time without paying in an hour, which begins with the first hold. To choose other seats, name the order in
   * `replaces`: either the whole swap happens or nothing changes, and the deadline stays the same, however near it is. Or cancel the
   * order: what is left of its time is given back.
   *
   * With `coupon_claim_ids`, the order redeems the customer's coupons, which go back if the order is not paid. A swap keeps each coupon
   * of the replaced order whose claim it names, and gives the others back in the same transaction. `POST /showtimes/{showtime_id}/quotes`
   * says the price before; `total-differs` says it if it is not `expected_total`, and nothing is held then.
   *
   * If the showtime has a `waiting_room_id`, the request needs the token of an admission by that room. A retry of a hold does not.
   *
   * Seats can be held for up to a second after the showtime was closed or cancelled, or its prices changed; `expected_total` protects
   * customers from a price that they were not shown. A refusal is based on the current showtime, except before the start of sales,
   * when it can be based on the showtime of up to a second ago.
   *
   * `POST /showtimes/{showtime_id}/holds`
   */
  holdSeats(request: HoldSeatsOperation["request"], options?: runtime.Options): Promise<runtime.Result<HoldSeatsOperation>> {
    return this.call<HoldSeatsOperation>({ method: "POST", path: "/showtimes/{showtime_id}/holds", headers: ["Idempotency-Key", "Waiting-Room-Token"], body: "application/json", token: true }, request, options);
  }

  /**
   * Prices seats
   *
   * Says what a hold of the same seats and coupons costs now. It holds neither the seats nor the coupons, does not say whether they are
   * free or on sale, and is not remembered, so it has no `Idempotency-Key`.
   *
   * `POST /showtimes/{showtime_id}/quotes`
   */
  createSeatQuote(request: CreateSeatQuoteOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateSeatQuoteOperation>> {
    return this.call<CreateSeatQuoteOperation>({ method: "POST", path: "/showtimes/{showtime_id}/quotes", body: "application/json", token: true }, request, options);
  }

  /**
   * Returns the states of all seats
   *
   * Two bits a seat in the order of the plan: 0 free, 1 held, 2 sold, 3 blocked. The first seat is in the lowest bits of the first
   * byte. A hold whose deadline has passed is free. Places of general admission have no bits: `areas` counts them. The map is about two seconds old at most: a function derives it once a
   * second, and a cache keeps it for another one.
   *
   * `GET /showtimes/{showtime_id}/seats`
   */
  getSeatMap(request: GetSeatMapOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetSeatMapOperation>> {
    return this.call<GetSeatMapOperation>({ method: "GET", path: "/showtimes/{showtime_id}/seats", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Lists the caller's subscriptions
   *
   * Newest first. The list is eventually consistent: a new subscription may take a moment to appear. Each page reads at most
   * 100 subscriptions, so a page with `status` and a `next_cursor` may have fewer subscriptions than `limit`, even none.
   *
   * `GET /subscriptions`
   */
  listSubscriptions(request?: ListSubscriptionsOperation["request"], options?: runtime.Options): runtime.List<ListSubscriptionsOperation> {
    return this.list<ListSubscriptionsOperation>({ method: "GET", path: "/subscriptions", query: ["limit", "cursor", "status", "created_from", "created_to"], token: true }, request, options);
  }

  /**
   * Starts a subscription
   *
   * This request charges nothing. The first period is charged when it falls due (within minutes if that is now), at the
   * catalog prices, taxes and shipping prices of that day. With `coupon_claim_id`, the subscription redeems the customer's coupon, which
   * goes back if the subscription ends before a charge was paid with it. A retry with the same key and body returns the subscription in its current state.
   *
   * `POST /subscriptions`
   */
  createSubscription(request: CreateSubscriptionOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateSubscriptionOperation>> {
    return this.call<CreateSubscriptionOperation>({ method: "POST", path: "/subscriptions", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns a subscription
   *
   * Customers read their own subscriptions; administrators read any.
   *
   * `GET /subscriptions/{subscription_id}`
   */
  getSubscription(request: GetSubscriptionOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetSubscriptionOperation>> {
    return this.call<GetSubscriptionOperation>({ method: "GET", path: "/subscriptions/{subscription_id}", token: true }, request, options);
  }

  /**
   * Changes the items, the shipping method or the card of a subscription
   *
   * A retry with the same key and body changes nothing and returns the subscription in its current state.
   *
   * `PATCH /subscriptions/{subscription_id}`
   */
  updateSubscription(request: UpdateSubscriptionOperation["request"], options?: runtime.Options): Promise<runtime.Result<UpdateSubscriptionOperation>> {
    return this.call<UpdateSubscriptionOperation>({ method: "PATCH", path: "/subscriptions/{subscription_id}", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Cancels a subscription
   *
   * Paid orders are not cancelled; each can be cancelled like any order. Cancelling a cancelled subscription returns it
   * unchanged. `continue-subscription` revokes a cancellation at the period's end. An administrator can cancel any subscription.
   *
   * `POST /subscriptions/{subscription_id}/cancel`
   */
  cancelSubscription(request: CancelSubscriptionOperation["request"], options?: runtime.Options): Promise<runtime.Result<CancelSubscriptionOperation>> {
    return this.call<CancelSubscriptionOperation>({ method: "POST", path: "/subscriptions/{subscription_id}/cancel", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Continues a subscription that was to end
   *
   * Revokes a cancellation at the period's end. Without one, nothing changes.
   *
   * `POST /subscriptions/{subscription_id}/continue`
   */
  continueSubscription(request: ContinueSubscriptionOperation["request"], options?: runtime.Options): Promise<runtime.Result<ContinueSubscriptionOperation>> {
    return this.call<ContinueSubscriptionOperation>({ method: "POST", path: "/subscriptions/{subscription_id}/continue", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Lists the invoices of a subscription
   *
   * Newest first. A skipped period has no invoice. Customers read those of their own subscriptions; administrators read any.
   *
   * `GET /subscriptions/{subscription_id}/invoices`
   */
  listInvoices(request: ListInvoicesOperation["request"], options?: runtime.Options): runtime.List<ListInvoicesOperation> {
    return this.list<ListInvoicesOperation>({ method: "GET", path: "/subscriptions/{subscription_id}/invoices", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Pauses a subscription
   *
   * Nothing is billed until it is resumed. An unpaid invoice is voided. If a charge is in progress and succeeds, its order is
   * delivered.
   *
   * `POST /subscriptions/{subscription_id}/pause`
   */
  pauseSubscription(request: PauseSubscriptionOperation["request"], options?: runtime.Options): Promise<runtime.Result<PauseSubscriptionOperation>> {
    return this.call<PauseSubscriptionOperation>({ method: "POST", path: "/subscriptions/{subscription_id}/pause", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Resumes a paused subscription
   *
   * It continues with the next period that falls due. The periods before are skipped.
   *
   * `POST /subscriptions/{subscription_id}/resume`
   */
  resumeSubscription(request: ResumeSubscriptionOperation["request"], options?: runtime.Options): Promise<runtime.Result<ResumeSubscriptionOperation>> {
    return this.call<ResumeSubscriptionOperation>({ method: "POST", path: "/subscriptions/{subscription_id}/resume", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Skips the next period of a subscription
   *
   * The period is neither billed nor delivered. The dates of the later ones stay.
   *
   * `POST /subscriptions/{subscription_id}/skip`
   */
  skipPeriod(request: SkipPeriodOperation["request"], options?: runtime.Options): Promise<runtime.Result<SkipPeriodOperation>> {
    return this.call<SkipPeriodOperation>({ method: "POST", path: "/subscriptions/{subscription_id}/skip", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns the public keys of the codes of tickets
   *
   * A scanner without a network checks codes with them. The text of a code is the base32 (RFC 4648, without padding) of its bytes:
   * a version (1), the number of the key (1), the number of the code (2), the ticket (16), the showtime (16), the seat (part 2, row 2,
   * place 1), and an Ed25519 signature (64) of `madang ticket`, a zero byte and the bytes before it. Numbers are big-endian.
   *
   * `GET /ticket-keys`
   */
  getTicketKeys(request?: GetTicketKeysOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetTicketKeysOperation>> {
    return this.call<GetTicketKeysOperation>({ method: "GET", path: "/ticket-keys", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Lists the caller's tickets
   *
   * The latest start first, void ones too, without their codes. A ticket whose showtime was moved since it was issued keeps its
   * place in the list. The list is eventually consistent: a new ticket may take a moment to appear. It is issued when the payment of
   * its order is known.
   *
   * `GET /tickets`
   */
  listTickets(request?: ListTicketsOperation["request"], options?: runtime.Options): runtime.List<ListTicketsOperation> {
    return this.list<ListTicketsOperation>({ method: "GET", path: "/tickets", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Returns a ticket with its code
   *
   * `GET /tickets/{ticket_id}`
   */
  getTicket(request: GetTicketOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetTicketOperation>> {
    return this.call<GetTicketOperation>({ method: "GET", path: "/tickets/{ticket_id}", token: true }, request, options);
  }

  /**
   * Returns the code of a ticket as a QR code
   *
   * An SVG image, which scales to any size.
   *
   * `GET /tickets/{ticket_id}/qr`
   */
  getTicketQr(request: GetTicketQrOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetTicketQrOperation>> {
    return this.call<GetTicketQrOperation>({ method: "GET", path: "/tickets/{ticket_id}/qr", token: true }, request, options);
  }

  /**
   * Replaces the code of a ticket
   *
   * For a code that somebody else has seen. The former code does not admit any more. A scanner without a network admits it until it
   * has loaded the tickets again. A retry with the same key returns the ticket with its present code.
   *
   * `POST /tickets/{ticket_id}/replace-code`
   */
  replaceTicketCode(request: ReplaceTicketCodeOperation["request"], options?: runtime.Options): Promise<runtime.Result<ReplaceTicketCodeOperation>> {
    return this.call<ReplaceTicketCodeOperation>({ method: "POST", path: "/tickets/{ticket_id}/replace-code", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Offers a ticket to somebody else
   *
   * The receiver sends the code to `accept-transfer-offer`, and becomes the holder; no money changes hands. The offer is open for 72
   * hours, and until the show starts. A ticket has one open offer: a new one replaces it. The ticket stays the caller's until it is
   * accepted, and admits until then; a check-in ends the offer. `delete-transfer-offer` takes it back.
   *
   * A ticket changes hands at most three times. To its buyer it can be given back once more.
   *
   * A retry with the same key returns the same offer, also if it has ended since.
   *
   * `POST /tickets/{ticket_id}/transfer-offers`
   */
  createTransferOffer(request: CreateTransferOfferOperation["request"], options?: runtime.Options): Promise<runtime.Result<CreateTransferOfferOperation>> {
    return this.call<CreateTransferOfferOperation>({ method: "POST", path: "/tickets/{ticket_id}/transfer-offers", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Takes the offer of a ticket back
   *
   * Its code is not accepted any more. An offer that has ended, or was replaced, stays so: the ticket is returned unchanged, so a
   * retry needs no key.
   *
   * `DELETE /tickets/{ticket_id}/transfer-offers/{transfer_offer_id}`
   */
  deleteTransferOffer(request: DeleteTransferOfferOperation["request"], options?: runtime.Options): Promise<runtime.Result<DeleteTransferOfferOperation>> {
    return this.call<DeleteTransferOfferOperation>({ method: "DELETE", path: "/tickets/{ticket_id}/transfer-offers/{transfer_offer_id}", token: true }, request, options);
  }

  /**
   * Accepts the offer of a ticket
   *
   * The caller becomes the holder. The ticket gets a new code, and the former one does not admit any more. The ticket counts among
   * the seats that the caller may have at the showtime. Nothing is paid; only the buyer of the ticket can give its seat back for money,
   * and only while they hold it.
   *
   * An offer is accepted once. A retry by the same customer returns the transfer, with any key.
   *
   * `POST /tickets/{ticket_id}/transfer-offers/{transfer_offer_id}/accept`
   */
  acceptTransferOffer(request: AcceptTransferOfferOperation["request"], options?: runtime.Options): Promise<runtime.Result<AcceptTransferOfferOperation>> {
    return this.call<AcceptTransferOfferOperation>({ method: "POST", path: "/tickets/{ticket_id}/transfer-offers/{transfer_offer_id}/accept", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Lists the venues
   *
   * Newest first. The list is eventually consistent: a new venue may take a moment to appear.
   *
   * `GET /venues`
   */
  listVenues(request?: ListVenuesOperation["request"], options?: runtime.Options): runtime.List<ListVenuesOperation> {
    return this.list<ListVenuesOperation>({ method: "GET", path: "/venues", query: ["limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns a venue
   *
   * At most 15 seconds old. Administrators read it with `get-admin-venue` before they change it.
   *
   * `GET /venues/{venue_id}`
   */
  getVenue(request: GetVenueOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetVenueOperation>> {
    return this.call<GetVenueOperation>({ method: "GET", path: "/venues/{venue_id}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Lists the seating plans of a venue
   *
   * Newest first. The list is eventually consistent: a new plan may take a moment to appear.
   *
   * `GET /venues/{venue_id}/plans`
   */
  listPlans(request: ListPlansOperation["request"], options?: runtime.Options): runtime.List<ListPlansOperation> {
    return this.list<ListPlansOperation>({ method: "GET", path: "/venues/{venue_id}/plans", query: ["limit", "cursor"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Lists the caller's vouchers
   *
   * Newest first. The list is eventually consistent: a new voucher may take a moment to appear. Each page reads at most 100
   * vouchers, so a page with `sku` and a `next_cursor` may have fewer vouchers than `limit`, even none.
   *
   * `GET /vouchers`
   */
  listVouchers(request?: ListVouchersOperation["request"], options?: runtime.Options): runtime.List<ListVouchersOperation> {
    return this.list<ListVouchersOperation>({ method: "GET", path: "/vouchers", query: ["limit", "cursor", "sku"], token: true }, request, options);
  }

  /**
   * Registers a gift voucher
   *
   * A code can be registered once; case, hyphens and spaces do not matter. Only the owner sees it. The code is not
   * verified with its issuer. A retry with the same key and body returns the voucher in its current state or, once it has
   * another owner, as the caller registered it.
   *
   * `POST /vouchers`
   */
  registerVoucher(request: RegisterVoucherOperation["request"], options?: runtime.Options): Promise<runtime.Result<RegisterVoucherOperation>> {
    return this.call<RegisterVoucherOperation>({ method: "POST", path: "/vouchers", headers: ["Idempotency-Key"], body: "application/json", token: true }, request, options);
  }

  /**
   * Returns how far a waiting room has come
   *
   * The same for everybody, and at most two seconds old. With it, each customer who came before the opening can compute the own
   * place, and check that of anybody: a customer's draw is the first 8 bytes of the HMAC-SHA256 of the account id with the seed, read
   * as a big-endian number. The place is 1, plus `early` before the draw's first byte, plus that of the byte itself times the other
   * 56 bits over 2^56, rounded down. `enter-waiting-room` admits from `serving_number` = place on. A customer who came later learns the place
   * by `join-waiting-room`, three seconds after the first request, with all that is needed to check it.
   *
   * `GET /waiting-rooms/{waiting_room_id}`
   */
  getWaitingRoom(request: GetWaitingRoomOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetWaitingRoomOperation>> {
    return this.call<GetWaitingRoomOperation>({ method: "GET", path: "/waiting-rooms/{waiting_room_id}", headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Enters a waiting room
   *
   * At the customer's turn: when `serving_number` reaches the place. Seven seconds later others are called instead. A customer who comes
   * after that is late. Late customers can enter too, as many in a second as the rate allows; the others are refused, and
   * `expected_at` says when to try again.
   *
   * A customer enters a room once: any other request returns that admission, with the same end. Only a room that admits everybody, after
   * 24 hours without pauses, admits a customer again whose admission is over. Too early, the answer tells the place, how far the room has
   * come, and about when it is the customer's turn.
   *
   * `POST /waiting-rooms/{waiting_room_id}/enter`
   */
  enterWaitingRoom(request: EnterWaitingRoomOperation["request"], options?: runtime.Options): Promise<runtime.Result<EnterWaitingRoomOperation>> {
    return this.call<EnterWaitingRoomOperation>({ method: "POST", path: "/waiting-rooms/{waiting_room_id}/enter", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Joins a waiting room
   *
   * A customer joins a room once: any other request, of whatever key or device, returns that join with the same place. All who join
   * before the opening have the same chance, whenever they come: a lottery decides. After it, those of an earlier second come first,
   * and within a second the lottery decides. The place is known two seconds after the opening, or after the end of the second.
   *
   * `POST /waiting-rooms/{waiting_room_id}/joins`
   */
  joinWaitingRoom(request: JoinWaitingRoomOperation["request"], options?: runtime.Options): Promise<runtime.Result<JoinWaitingRoomOperation>> {
    return this.call<JoinWaitingRoomOperation>({ method: "POST", path: "/waiting-rooms/{waiting_room_id}/joins", headers: ["Idempotency-Key"], token: true }, request, options);
  }

  /**
   * Returns a page to wait on
   *
   * It joins the waiting room, shows the customer's place, enters at the turn, and goes to the path in `return_to`, with
   * `waiting_room_token` and `expires_at` in the fragment. Open it with the customer's access token in the fragment, as
   * `#access_token=…`: a browser sends no fragment to a server. The page runs no other script, and is in no frame.
   *
   * `GET /waiting-rooms/{waiting_room_id}/page`
   */
  getWaitingRoomPage(request: GetWaitingRoomPageOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetWaitingRoomPageOperation>> {
    return this.call<GetWaitingRoomPageOperation>({ method: "GET", path: "/waiting-rooms/{waiting_room_id}/page", query: ["return_to"], headers: ["If-None-Match"] }, request, options);
  }

  /**
   * Returns the caller's wallet
   *
   * `GET /wallet`
   */
  getWallet(request?: GetWalletOperation["request"], options?: runtime.Options): Promise<runtime.Result<GetWalletOperation>> {
    return this.call<GetWalletOperation>({ method: "GET", path: "/wallet", token: true }, request, options);
  }

  /**
   * Lists the entries of the caller's wallet
   *
   * Newest first. Each change of the wallet has an entry.
   *
   * `GET /wallet/entries`
   */
  listWalletEntries(request?: ListWalletEntriesOperation["request"], options?: runtime.Options): runtime.List<ListWalletEntriesOperation> {
    return this.list<ListWalletEntriesOperation>({ method: "GET", path: "/wallet/entries", query: ["limit", "cursor"], token: true }, request, options);
  }

  /**
   * Receives a carrier's webhook
   *
   * Signed according to Standard Webhooks. The type `shipment.delivered` has the data `delivered_at`, and either
   * `shipment_id`, or `carrier` and `tracking_number`; it delivers the shipments under the number, the newest 100. A carrier
   * reports its own parcels only. Other types are ignored.
   * After any status but 2xx the carrier must retry, also after 404: the shipment may not be recorded yet.
   *
   * `POST /webhooks/carriers`
   */
  receiveCarrierWebhook(request: ReceiveCarrierWebhookOperation["request"], options?: runtime.Options): Promise<runtime.Result<ReceiveCarrierWebhookOperation>> {
    return this.call<ReceiveCarrierWebhookOperation>({ method: "POST", path: "/webhooks/carriers", body: "application/json" }, request, options);
  }

  /**
   * Receives a payment provider's webhook
   *
   * `toss`: Toss Payments. Its messages are unsigned, so each only causes a query of its API. `stripe`: signed with
   * `Stripe-Signature`. `standard`: any other provider, signed according to Standard Webhooks, with the types
   * `payment.succeeded`, `payment.failed` and `payment.refunded`. After any status but 2xx the provider must retry.
   *
   * `POST /webhooks/{provider}`
   */
  receiveWebhook(request: ReceiveWebhookOperation["request"], options?: runtime.Options): Promise<runtime.Result<ReceiveWebhookOperation>> {
    return this.call<ReceiveWebhookOperation>({ method: "POST", path: "/webhooks/{provider}", body: "application/json" }, request, options);
  }
}
