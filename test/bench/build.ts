/** The builder as a program, so that its words can be led elsewhere (app.ts). */

import { ensureApp } from '../../relay/bin/ground.mjs'

await ensureApp()
