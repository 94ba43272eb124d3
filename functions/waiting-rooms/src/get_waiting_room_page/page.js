"use strict";
// Joins the waiting room, computes the own place, and enters at the turn. It reads the status that everybody reads, from a cache,
// and asks the shop itself a few times only: to join, for the place of a late comer, and to enter.
(() => {
  const room = location.pathname.replace(/\/page$/, "");
  const query = new URLSearchParams(location.search);
  const show = (id, text) => { document.getElementById(id).textContent = text; };
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));

  // The shop passes the customer's access token in the fragment, which no server sees. It stays for reloads of this tab only.
  const fragment = new URLSearchParams(location.hash.slice(1));
  const KEY = `waiting-room ${room}`;
  const saved = fragment.get("access_token");
  if (saved) {
    sessionStorage.setItem(KEY, saved);
    history.replaceState(null, "", location.pathname + location.search);
  }
  const accessToken = sessionStorage.getItem(KEY);

  // Only a path of this site. Others could take the admission away.
  const returnTo = () => {
    const wanted = query.get("return_to") ?? "/";
    try {
      const url = new URL(wanted, location.origin);
      return wanted.startsWith("/") && url.origin === location.origin ? url : new URL("/", location.origin);
    } catch {
      return new URL("/", location.origin);
    }
  };

  const call = async (path, options = {}) => {
    for (let pause = 500; ; pause = Math.min(pause * 2, 16000)) {
      try {
        const answer = await fetch(room + path, options);
        if (answer.status < 500 && answer.status !== 429) {
          const body = await answer.json().catch((error) => { if (answer.ok) throw error; });
          if (body || answer.status === 401) {
            return { status: answer.status, body: body ?? {} };
          }
          // A gateway or a firewall refuses, not the shop: its answers are JSON. That may pass.
          show("state", `Something between you and the shop refuses this page (${answer.status}). It tries again.`);
        }
      } catch {
        show("state", "There is no connection to the shop. This page tries again.");
      }
      await wait(pause * (0.5 + Math.random()));
    }
  };
  const post = (path, key) => call(path, {
    method: "POST",
    headers: { authorization: `Bearer ${accessToken}`, "idempotency-key": key },
  });

  const SIGN_IN = "Please sign in at the shop again. Your place stays.";
  // What to tell a customer whom the shop refuses.
  const refusal = (answer, signIn) => answer.status === 401 ? signIn : answer.body.detail ?? "The shop refuses the request.";

  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

  // The place of an early comer, as anybody can compute it.
  const placeOf = async (account, status) => {
    const algorithm = { name: "HMAC", hash: "SHA-256" };
    const key = await crypto.subtle.importKey("raw", bytes(status.seed), algorithm, false, ["sign"]);
    const tag = new DataView(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(account)));
    const draw = tag.getBigUint64(0);
    const part = Number(draw >> 56n);
    const before = status.early.slice(0, part).reduce((sum, people) => sum + people, 0);
    const share = ((draw & ((1n << 56n) - 1n)) * BigInt(status.early[part] ?? 0)) >> 56n;
    return 1 + before + Number(share);
  };

  const run = async () => {
    if (!accessToken) {
      show("state", "Please sign in at the shop, and come back from there.");
      return;
    }
    const first = await post("/joins", "join");
    if (first.status >= 400) {
      show("state", refusal(first, "Please sign in at the shop again."));
      return;
    }
    let join = first.body;
    let place = join.place ?? null;
    let askAt = Date.now() + 4000 + Math.random() * 4000;
    let skew = null;
    // How often the shop refused to let a late customer enter, what it said, and when the page tries again.
    let refused = 0, why = "", enterAt = 0;
    for (;;) {
      const { status: code, body: status } = await call("", { headers: { accept: "application/json" } });
      if (code !== 200) {
        show("state", status.detail ?? "The waiting room is closed.");
        return;
      }
      // The clocks of devices are wrong; a status is at most some seconds old.
      skew = Math.max(skew ?? -Infinity, Date.parse(status.as_of) - Date.now());
      const now = Date.now() + skew;
      show("name", status.name);
      if (place === null && join.is_early && status.seed) {
        place = await placeOf(join.customer_id, status);
      }
      if (place === null && !join.is_early && Date.now() >= askAt) {
        const again = await post("/joins", "join");
        if (again.status >= 400) {
          show("state", refusal(again, SIGN_IN));
          return;
        }
        join = again.body;
        place = join.place ?? null;
        askAt = Date.now() + 4000 + Math.random() * 4000;
      }
      const serving = status.serving_number;
      const rate = status.segments[status.segments.length - 1].rate_per_minute;
      if (place === null) {
        const opens = new Date(status.opens_at);
        show("state", join.is_early && now < opens.getTime()
          ? `The room opens at ${opens.toLocaleString()}. A draw decides the places of all who are here by then.`
          : "Your place is being computed …");
      } else {
        const ahead = Math.max(0, place - serving);
        show("state", status.sold_out ? "Everything is taken at the moment. Returns may come." : "You are in line.");
        show("place", ahead.toLocaleString());
        if (refused > 0 && ahead === 0) {
          show("state", why);
        }
        show("expected", rate > 0
          ? `people until it is your turn, about ${Math.ceil(ahead / rate)} min`
          : "people until it is your turn. The room is paused.");
        const progress = document.getElementById("progress");
        progress.hidden = false;
        progress.value = Math.min(1, serving / place);
      }
      // A paused room admits those only who were called just now. When it goes on, the others do not come all at once.
      if (refused > 0 && rate === 0) {
        enterAt = Math.max(enterAt, Date.now() + Math.random() * 10000);
      }
      const isCalled = place !== null && place <= serving && Date.now() >= enterAt;
      if (isCalled || !status.is_paced || join.admitted_until) {
        const entered = await post("/enter", "enter");
        if (entered.status === 200) {
          if (Date.parse(entered.body.expires_at) <= now) {
            show("state", "Your admission is over.");
            return;
          }
          const to = returnTo();
          to.hash = new URLSearchParams({ waiting_room_token: entered.body.token, expires_at: entered.body.expires_at });
          location.replace(to);
          return;
        }
        if (entered.status === 401) {
          show("state", SIGN_IN);
          return;
        }
        place = entered.body.place ?? place;
        // The status may be a second ahead of the function that answered. Otherwise the customer is late, together with many others.
        if (!(entered.body.serving_number < place)) {
          refused += 1;
          why = refusal(entered, SIGN_IN);
          show("state", why);
          const pause = Math.max(0, Date.parse(entered.body.expected_at) - now || 0);
          enterAt = Date.now() + pause + Math.random() * Math.min(1000 * 2 ** refused, 30000);
        }
      }
      await wait(2000 + Math.random() * 1000);
    }
  };
  run();
})();
