import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { registerWorker } from './offline/register.ts'
import './tokens.css'
import './global.css'

const root = document.getElementById('root')
if (!root) throw new Error('the page has no #root')
createRoot(root).render(<App />)
registerWorker()
