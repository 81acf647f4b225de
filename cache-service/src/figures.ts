/** What an operator wants to know of the cache beyond calls, which have figures of their own. */
import type { Clock, Metrics } from "@flyte-dataplane/core";

export interface Figures {
  /** An entry was found; `lastUpdated` in milliseconds since the Unix epoch. */
  hit(lastUpdated: number): void;
  missed(reason: "absent" | "damaged"): void;
  put(outcome: "created" | "replaced" | "refused"): void;
  /** `held` is the answer that makes a caller wait for another owner. */
  reserved(outcome: "granted" | "held"): void;
}

const [minute, hour, day] = [60, 3600, 24 * 3600];

export function createFigures(metrics: Metrics, clock: Clock): Figures {
  const lookups = metrics.counter({
    name: "cache_lookups_total",
    help: "Lookups by what was found: an entry, none, or one whose metadata cannot be decoded.",
    labels: ["found"],
  });
  const age = metrics.histogram({
    name: "cache_hit_age_seconds",
    help: "Age of an entry when it is found, since its last update.",
    buckets: [minute, 10 * minute, hour, 6 * hour, day, 7 * day, 30 * day],
  });
  const puts = metrics.counter({
    name: "cache_puts_total",
    help: "Entries offered, by what became of them; refused: there is one that must stay.",
    labels: ["outcome"],
  });
  const reservations = metrics.counter({
    name: "cache_reservations_total",
    help: "Reservations asked for or extended; held: another owner has it, and the caller waits.",
    labels: ["outcome"],
  });
  return {
    hit: (lastUpdated) => {
      lookups.add(1, { found: "hit" });
      age.observe(Math.max(0, clock.now() - lastUpdated) / 1000);
    },
    missed: (reason) => lookups.add(1, { found: reason }),
    put: (outcome) => puts.add(1, { outcome }),
    reserved: (outcome) => reservations.add(1, { outcome }),
  };
}
