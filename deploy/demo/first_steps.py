"""Ask before the work, do it, report it: all that a pipeline has to do with credits."""

import asyncio
import os
from uuid import uuid4

from shared.client import Client
from shared.contracts.credits import Grant, InvoicePaid, OperationCompleted, OperationRequested
from shared.contracts.credits.queries import AskBalance


async def main() -> None:
    account, article, invoice = (str(uuid4()) for _ in range(3))
    async with Client.connected(os.environ["KAFKA_BOOTSTRAP_SERVERS"]) as client:
        bought = Grant(line=1, kind="credit_package", credits=500, code="starter")
        paid = InvoicePaid(account_id=account, invoice_id=invoice, grants=[bought])
        await client.publish([paid])
        request = OperationRequested(
            account_id=account, operation_id=article, operation_type="content_generation"
        )
        reply = await client.request(request)
        print(f"an article: {reply.status}, {reply.data.held} credits are held")
        used = OperationCompleted(
            account_id=account,
            operation_id=article,
            operation_type="content_generation",
            tokens_input=2000,
            tokens_output=2700,
        )
        await client.publish([used])
        while (balance := await client.ask(AskBalance(), account)).data.held:
            await asyncio.sleep(0.1)
        print(f"it is written: {balance.data.credits} of 500 credits are left")


if __name__ == "__main__":
    asyncio.run(main())
