package main

import "github.com/spf13/cobra"

func (a *app) squashCommand() *cobra.Command { return &cobra.Command{Use: "squash"} }
