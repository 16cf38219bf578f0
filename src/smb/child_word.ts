/** The hidden command of the executable: it makes a process a child that reads a share. */
export const SMB_CHILD_WORD = "smb-child";
