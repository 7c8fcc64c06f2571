import { createContext } from 'react'

/** Whether the canvas is seen from so far away that nothing on a card can be read. */
export const Far = createContext(false)
