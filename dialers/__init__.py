"""One folder per dialer. ``base`` says what a dialer may offer, ``vocabulary`` holds our words, ``registry`` the table."""
