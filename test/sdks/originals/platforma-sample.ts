// biome-ignore-all format: quoted from the source document
// biome-ignore-all lint: quoted from the source document
/** The sample code of PLATFORMA's guide, line by line; only what it uses and does not show is handed in. */
import type { Express } from 'express'
import { type Client, verifyWebhookSignature } from '../../../sdks/typescript/src/index.ts'

export async function register(client: Client) {
const webhook = await client.events.webhooks.create({
url: "https://yourapp.com/webhooks/platforma",
events: ["order.created", "order.provisioned", "order.failed"],
secret: "whsec_your_signing_secret",
});
return webhook
}

export interface Actions {
  sendWelcomeEmail(customerId: unknown, resources: unknown): void
  notifyOpsTeam(orderId: unknown, error: unknown): void
  autoScaleCluster(clusterId: unknown): void
}

export function receive(app: Express, { sendWelcomeEmail, notifyOpsTeam, autoScaleCluster }: Actions) {
app.post("/webhooks/platforma", (req, res) => {
const isValid = verifyWebhookSignature(
req.body,
req.headers["x-platforma-signature"],
"whsec_your_signing_secret"
);
if (!isValid) {
return res.status(401).json({ error: "Invalid signature" });
}
const event = req.body;
switch (event.type) {
case "order.provisioned":
// Send welcome email to customer
sendWelcomeEmail(event.data.customer_id, event.data.resources);
break;
case "order.failed":
// Alert operations team
notifyOpsTeam(event.data.order_id, event.data.error);
break;
case "alert.triggered":
// Auto-scale if CPU is high
if (event.data.metric === "cpu" && event.data.value > 90) {
autoScaleCluster(event.data.cluster_id);
}
break;
}
res.status(200).json({ received: true });
});
}

export const scaling = (client: Client) => {
async function autoScaleCluster(clusterId: string) {
const cluster = await client.infrastructure.clusters.get(clusterId);
const currentNodes = cluster.node_count;
const maxNodes = 20;
if (currentNodes < maxNodes) {
await client.infrastructure.clusters.scale(clusterId, {
node_count: Math.min(currentNodes + 2, maxNodes),
});
await client.notifications.send({
channel: "ops-alerts",
message: `Auto-scaled cluster ${cluster.name} from ${currentNodes} to ${currentNodes + 2} nodes`,
});
}
}
return autoScaleCluster
}
