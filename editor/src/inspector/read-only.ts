import { createContext } from 'react'

/** Whether what is inspected can only be looked at. */
export const ReadOnly = createContext(false)
