/**
 * A scene for watchConnections: `connections-scene.ts <chromium|firefox> <script>`.
 * Opens an empty page from loopback in a browser, and waits there for what the script gives or promises.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { launch } from './browsers.ts'

const [kind, script = ''] = process.argv.slice(2)
if (kind !== 'chromium' && kind !== 'firefox') throw new TypeError('needs chromium or firefox')

const server = createServer((_request, response) => {
  response.setHeader('content-type', 'text/html')
  response.end('<!doctype html><title>scene</title>')
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const browser = await launch(kind)
const page = await browser.open(`http://localhost:${(server.address() as AddressInfo).port}/`)
await page.evaluate(
  (source) => new Function(`return (async () => { ${source} })()`)() as Promise<void>,
  script,
)
await browser.close()
server.close()
