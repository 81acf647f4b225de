/**
 * The two notification channels. A payload only names what changed; whoever hears it reads the row. Names and payloads
 * are the reference's, so that watches of either server see writes of both.
 */

export const runChannel = "run_updates";
export const actionChannel = "action_updates";
/** Ours: something became due for delivery to the actions service. */
export const deliveryChannel = "action_deliveries";

/** For `RETURNING`: tells both channels of the changed row of `actions`, with the statement's own transaction. */
export const announceSql: string = `pg_notify('${actionChannel}', actions.project || '/' || actions.domain || '/' || actions.run_name || '/' || actions.name),
  CASE WHEN actions.parent_action_name IS NULL
    THEN pg_notify('${runChannel}', actions.project || '/' || actions.domain || '/' || actions.run_name) END`;

/** For `RETURNING`: wakes the delivery loops of every process. */
export const wakeDeliverySql: string = `pg_notify('${deliveryChannel}', '')`;
