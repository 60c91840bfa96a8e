package dburl

// Fill completes what u leaves open from the environment.
func Fill(u *URL, env func(string) (string, bool)) error {
	return nil
}
